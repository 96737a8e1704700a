"""Sessions and their two tokens: which is good, which has run out, and what a renewal gives.

A session token that has run out is renewed with the master token (390112); without a good master token one logs in anew (390114).
"""

import asyncio
import itertools
import secrets

from refusal import Refused

MASTER_SECONDS = 14400


class Session:
    def __init__(self, number, user, backend):
        self.number, self.user, self.backend = number, user, backend
        self.parameters = {}
        self.database = self.schema = self.warehouse = self.role = None
        self.lock = asyncio.Lock()  # a session runs one statement at a time
        self.in_transaction = False
        self.loads = None           # what has been loaded into which table, as the session sees it
        self.stages = []            # temporary ones, which end with it

    def names(self):
        return {"databaseName": self.database, "schemaName": self.schema, "warehouseName": self.warehouse, "roleName": self.role}

    def final_names(self):
        return {"finalDatabaseName": self.database, "finalSchemaName": self.schema, "finalWarehouseName": self.warehouse,
                "finalRoleName": self.role}

    def roll_back(self):
        if self.in_transaction:
            self.backend.run("ROLLBACK")
            self.in_transaction, self.loads = False, self.loads.committed

    def wants_json(self):
        return any(name.endswith("_QUERY_RESULT_FORMAT") and str(value).upper() == "JSON" for name, value in self.parameters.items())


class Sessions:
    def __init__(self, journal, seconds):
        self.journal, self.seconds = journal, seconds
        self.by_token, self.by_master = {}, {}
        self.expired, self.lost = set(), set()
        self._number = itertools.count(1000000007)

    def open(self, user, backend):
        session = Session(next(self._number), user, backend)
        return session, self._tokens(session)

    def _tokens(self, session):
        token = self.journal.keep_secret("ver:3-hint:1-ETMs" + secrets.token_urlsafe(60))
        master = self.journal.keep_secret("ver:3-hint:1-ETMM" + secrets.token_urlsafe(60))
        self.by_token[token], self.by_master[master] = session, session
        return token, master

    @staticmethod
    def token_of(request):
        """The token of an Authorization header."""
        header = request.headers.get("authorization", "")
        if not header.startswith('Snowflake Token="') or not header.endswith('"'):
            return None
        return header[len('Snowflake Token="'):-1]

    def find(self, request):
        """The session that a request belongs to, where its token is good."""
        token = self.token_of(request)
        if token is None:
            raise Refused("390101", "Authorization header not found in the request data.", status=401)
        if token in self.by_master and token not in self.by_token:
            raise Refused("390104", "User must login again to access the service: this is a master token.")
        if token in self.lost:
            raise Refused("390111", "Session no longer exists. New login required to access the service.")
        if token in self.expired:
            raise Refused("390112", "Your session has expired. Please login again.")
        if token not in self.by_token:
            raise Refused("390104", "User must login again to access the service.", status=401)
        return self.by_token[token]

    def renew(self, request, body):
        """New tokens for a good master token; the old session token is good no longer."""
        master, old = self.token_of(request), body.get("oldSessionToken")
        if master in self.expired:
            raise Refused("390114", "Authentication token has expired. The user must authenticate again.")
        if master not in self.by_master:
            raise Refused("390115", "Authentication token is invalid.")
        session = self.by_master[master]
        if self.by_token.get(old) is not session or body.get("requestType") != "RENEW":
            raise Refused("390400", "Bad request: the old session token is not of this session.")
        self.by_master.pop(master)
        self.expired.update((old, master))
        token, master = self._tokens(session)
        return {"sessionToken": token, "validityInSecondsST": self.seconds, "masterToken": master,
                "validityInSecondsMT": MASTER_SECONDS, "sessionId": session.number}

    def expire(self, session, how):
        """Let the session's tokens run out: its session token, the master token too, or the whole session. What cannot be gone on with
        is rolled back."""
        tokens = [token for token, owner in self.by_token.items() if owner is session]
        masters = [token for token, owner in self.by_master.items() if owner is session]
        self.expired.update(tokens)
        if how != "expire-session":
            self.expired.update(masters)
            session.roll_back()
        if how == "lose-session":
            self.lost.update(tokens)

    def close(self, session):
        for tokens in (self.by_token, self.by_master):
            for token in [token for token, owner in tokens.items() if owner is session]:
                tokens.pop(token)
                self.lost.add(token)
        session.backend.close()

    def all(self):
        return set(self.by_token.values())
