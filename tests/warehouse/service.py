"""The service's REST interface: log in, renew, ask, poll, abort, log out. What a statement means is the interpreter's.

Every request is written to the journal, and may meet an order on its way.
"""

import re

import sessions as tokens
from refusal import Refused
from wire import Answer
from words import Words, kind_of

ROUTES = {"/session/v1/login-request": "login", "/session/token-request": "renew", "/session/heartbeat": "heartbeat",
          "/session": "logout", "/queries/v1/query-request": "query", "/queries/v1/abort-request": "abort",
          "/telemetry/send": "telemetry"}
PARAMETERS = {"AUTOCOMMIT": True, "TIMEZONE": "UTC", "CLIENT_SESSION_KEEP_ALIVE": False, "BINARY_OUTPUT_FORMAT": "HEX",
              "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY": 3600, "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD": 65280,
              "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ", "CLIENT_TELEMETRY_ENABLED": False, "QUERY_RESULT_FORMAT": "ARROW"}


class Service:
    def __init__(self, account, engine, sessions, interpreter, queries, orders, journal):
        self.account, self.engine, self.sessions = account, engine, sessions
        self.interpreter, self.queries = interpreter, queries
        self.orders, self.journal = orders, journal

    async def handle(self, request):
        """The door for clients: what comes in is noted, and may go wrong."""
        return await self._answer(request, True)

    async def handle_quietly(self, request):
        """A second door without journal and faults, for reading back what was loaded."""
        return await self._answer(request, False)

    async def _answer(self, request, observed):
        point = point_of(request)
        try:
            body = await request.json() or {}
        except (OSError, ValueError):
            return Answer.of(Refused("390400", "Bad request: the body is no JSON.").answer(), 400)
        text = str(body.get("sqlText", "")) if point == "query" else request.target
        points = {point} | ({kind_of(text)[1]} if point == "query" else set())
        entry = {}
        if observed:
            ids = {name: request.query.get(key) for name, key in (("request_id", "requestId"), ("guid", "request_guid"),
                                                                  ("retry_count", "retryCount"), ("retry_reason", "retryReason"))
                   if key in request.query}
            entry = self.journal.write(point, request, **ids, **({"sql": text, "kind": kind_of(text)[1]} if point == "query" else {}))
        order = self.orders.take(points, text) if observed else None
        if order:
            entry["fault"] = order.what
        answer = await self._carried_out(point, request, body, order, entry)
        entry["status"] = answer.damage or answer.status
        if "gzip" in request.headers.get("accept-encoding", "") and answer.body and not answer.headers.get("Content-Encoding"):
            answer.pack()
        return answer

    async def _carried_out(self, point, request, body, order, entry):
        def make(meant=None):
            return self._served(point, request, body, meant, entry)
        if order is None:
            return await make()
        if not order.is_meant:
            return await order.spoil(make, error)
        if order.what in ("expire-session", "expire-master", "lose-session"):
            if order.when == "after":
                answer = await make()
            self._expire(request, order.what)
            return answer if order.when == "after" else await make()
        return await make(order)

    def _expire(self, request, how):
        token = self.sessions.token_of(request)
        session = self.sessions.by_token.get(token) or self.sessions.by_master.get(token)
        if session:
            self.sessions.expire(session, how)

    async def _served(self, point, request, body, order, entry):
        try:
            if order and order.what == "refuse" and point != "query":
                raise Refused(order.code or "390100", order.message or "refused")
            value = await getattr(self, "_" + point)(request, body, order, entry)
        except Refused as refused:
            entry["code"] = refused.code
            return Answer.of(refused.answer(), refused.status)
        if value is None:
            return Answer(404, b"{}")
        if not value["success"] or value.get("code"):
            entry["code"] = value["code"]
        return Answer.of(value)

    async def _login(self, request, body, order, entry):
        data = body.get("data")
        entry.update(self.account.check(data))
        entry["client"] = {name: data.get(name) for name in ("CLIENT_APP_ID", "CLIENT_APP_VERSION")}
        session, (token, master) = self.sessions.open(self.account.user, self.engine.connect())
        session.loads = self.interpreter.loads
        session.parameters.update(data.get("SESSION_PARAMETERS") or {})
        self._enter(session, request.query)
        parameters = {**PARAMETERS, **session.parameters}
        return good({"token": token, "validityInSeconds": self.sessions.seconds, "masterToken": master,
                     "masterValidityInSeconds": tokens.MASTER_SECONDS, "displayUserName": session.user, "serverVersion": "10.2.1",
                     "firstLogin": False, "remMeToken": None, "remMeValidityInSeconds": 0, "healthCheckInterval": 45,
                     "newClientForUpgrade": None, "sessionId": session.number, "idToken": None, "idTokenValidityInSeconds": 0,
                     "parameters": [{"name": name, "value": value} for name, value in parameters.items()],
                     "sessionInfo": session.names()})

    def _enter(self, session, query):
        """What the login asks to be current. A role has to be granted; the others stay empty where they are not there."""
        session.role, session.warehouse = self.account.roles[0], None
        for kind, key in (("role", "roleName"), ("warehouse", "warehouse"), ("database", "databaseName"), ("schema", "schemaName")):
            if not query.get(key) or self.interpreter.enter(session, kind, Words(query[key]).path()):
                continue
            if kind == "schema":
                session.schema = None
            if kind == "role":
                raise Refused("390189", f"Role '{query[key]}' specified in the connect string is not granted to this user. Contact your "
                              "local system administrator, or attempt to login with another role, e.g. PUBLIC.")

    async def _renew(self, request, body, order, entry):
        return good(self.sessions.renew(request, body))

    async def _heartbeat(self, request, body, order, entry):
        self.sessions.find(request)
        return good(None)

    async def _logout(self, request, body, order, entry):
        session = self.sessions.find(request)
        if request.query.get("delete") == "true":
            self.interpreter.stages.end_session(session)
            self.sessions.close(session)
        return good(None)

    async def _query(self, request, body, order, entry):
        session = self.sessions.find(request)
        sql, request_id = body.get("sqlText"), request.query.get("requestId")
        if not isinstance(sql, str) or not request_id:
            raise Refused("390400", "Bad request: sqlText or requestId is missing.", status=400)
        query = self.queries.replayed(session, request_id, sql)
        entry["replay"] = query is not None
        if query is None:
            query = self.queries.start(session, sql, body.get("bindings"), request_id, order)
            if body.get("asyncExec"):
                query.code, query.polls_left = "333334", max(1, query.polls_left)
        entry["query_id"] = query.query_id
        return await query.answer()

    async def _poll(self, request, body, order, entry):
        self.sessions.find(request)
        query = self.queries.find(request.path.split("/")[2])
        entry["query_id"] = query.query_id
        return await query.answer()

    async def _monitor(self, request, body, order, entry):
        self.sessions.find(request)
        return good({"queries": [self.queries.find(request.path.split("/")[3]).status()]})

    async def _abort(self, request, body, order, entry):
        self.sessions.find(request)
        entry["found"] = self.queries.abort(body.get("requestId"))
        return good(None)

    async def _telemetry(self, request, body, order, entry):
        return good("Log Received")

    async def _unknown(self, request, body, order, entry):
        return None


def point_of(request):
    if re.fullmatch("/queries/[0-9a-f-]+/result", request.path):
        return "poll"
    if request.path.startswith("/monitoring/queries/"):
        return "monitor"
    return ROUTES.get(request.path, "unknown")


def good(data):
    return {"data": data, "code": None, "message": None, "success": True}


def error(status, code, message):
    """A fault's answer: a body that says so where the status is good, and a page that is no JSON where it is not."""
    if status == 200 or code:
        return Answer.of({"data": None, "code": code or "000605", "message": message or "Internal error.", "success": False}, status)
    return Answer(status, f"<html><body><h1>{status}</h1>{message}</body></html>".encode(), content_type="text/html")
