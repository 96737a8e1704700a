"""Statements under way and done, by request and by query: a repeated request gets the first one's answer, not a second run.

A statement that takes long is answered with where to ask for it (333333), again and again until it is done.
"""

import asyncio
import traceback
import uuid

from refusal import Refused

PATIENCE = 45.0                     # seconds until the first answer that says in progress
KEPT = 10000                        # statements that are remembered


class Query:
    def __init__(self, session, sql, request_id):
        self.session, self.sql, self.request_id = session, sql, request_id
        self.query_id = str(uuid.uuid4())
        self.task = None
        self.polls_left = 0         # answers that are to say in progress, however fast the statement was
        self.code = "333333"
        self.patience = PATIENCE
        self.pause = 0.0
        self.cancelled = asyncio.Event()

    async def answer(self):
        """The answer if it is there in time, else that it is not yet."""
        if self.polls_left > 0:
            self.polls_left -= 1
            await asyncio.sleep(self.pause)
            return self._in_progress()
        done, _ = await asyncio.wait([self.task], timeout=self.patience)
        return self.task.result() if done else self._in_progress()

    def _in_progress(self):
        data = {"queryId": self.query_id, "getResultUrl": f"/queries/{self.query_id}/result", "queryAbortsAfterSecs": 300,
                "progressDesc": None}
        words = "Query execution in progress" if self.code == "333333" else "Query execution in progress (async)"
        return {"data": data, "code": self.code, "message": words, "success": True}

    def status(self):
        if not self.task.done():
            return {"id": self.query_id, "status": "RUNNING", "state": "EXECUTING"}
        answer = self.task.result()
        if answer["success"]:
            return {"id": self.query_id, "status": "SUCCESS", "state": "SUCCEEDED"}
        return {"id": self.query_id, "status": "FAILED_WITH_ERROR", "state": "FAILED", "errorCode": answer["code"],
                "errorMessage": answer["message"]}

    def cancel(self):
        self.cancelled.set()
        if not self.task.done():
            self.session.backend.interrupt()


class Queries:
    def __init__(self, interpreter):
        self.interpreter = interpreter
        self.by_request, self.by_id = {}, {}

    def replayed(self, session, request_id, sql):
        """The statement that this request has been made for already, or None."""
        query = self.by_request.get(request_id)
        if query is None:
            return None
        if query.sql != sql or query.session is not session:
            raise Refused("390400", "Bad request: the request id belongs to another statement.", status=400)
        return query

    def start(self, session, sql, bindings, request_id, order=None):
        query = Query(session, sql, request_id)
        self.by_request[request_id] = self.by_id[query.query_id] = query
        if order and order.what == "in-progress":
            query.polls_left, query.pause = order.polls, order.seconds / max(1, order.polls)
            query.code = order.code or query.code
        query.task = asyncio.create_task(self._run(query, bindings, order))
        return query

    async def _run(self, query, bindings, order):
        try:
            if order and order.what == "run-slowly":
                await self._sleep(query, order.seconds)
            if order and order.what == "refuse":
                raise Refused(order.code or "003001", order.message or "SQL access control error:\nInsufficient privileges to operate.",
                              order.state, 0, -1)
            async with query.session.lock:
                if query.cancelled.is_set():
                    raise canceled()
                data = await asyncio.to_thread(self.interpreter.run, query.session, query.sql, bindings, query.query_id)
            return {"data": data, "code": None, "message": None, "success": True}
        except Refused as refused:
            if query.cancelled.is_set():
                refused = canceled()
            return refused.answer(query.query_id)
        except Exception as error:  # a fault of this program: told, so that no client asks again and again
            if query.cancelled.is_set():    # DuckDB is interrupted wherever it is
                return canceled().answer(query.query_id)
            traceback.print_exc()
            return Refused("000603", f"SQL execution internal error: {error}", "XX000").answer(query.query_id)

    @staticmethod
    async def _sleep(query, seconds):
        try:
            await asyncio.wait_for(query.cancelled.wait(), seconds)
        except asyncio.TimeoutError:
            pass

    def find(self, query_id):
        if query_id not in self.by_id:
            raise Refused("000709", f"SQL execution error: Statement {query_id} not found", "02000", status=404)
        return self.by_id[query_id]

    def abort(self, request_id):
        """Stop the statement of a request; says whether there is one."""
        query = self.by_request.get(request_id)
        if query is None:
            return False
        query.cancel()
        return True


def canceled():
    return Refused("000604", "SQL execution canceled", "57014")
