"""What tests tell the warehouse and ask of it, on a port of its own: /_test/order, log, orders, stages, secrets, proxy, reset."""

import asyncio

from wire import Answer


class Control:
    def __init__(self, orders, journal, stages, store, sessions, proxy):
        self.orders, self.journal, self.stages, self.store = orders, journal, stages, store
        self.sessions, self.proxy = sessions, proxy

    async def handle(self, request):
        name = request.path.removeprefix("/_test/")
        body = await request.json() or {}
        try:
            return Answer.of(await getattr(self, "do_" + name)(body))
        except (AttributeError, TypeError, ValueError) as error:
            return Answer.of({"error": f"{name}: {error}"}, 400)

    async def do_order(self, body):
        self.orders.add(**body)
        return {}

    async def do_orders(self, body):
        return self.orders.told()

    async def do_log(self, body):
        return {"entries": self.journal.entries, "counts": self.journal.counts()}

    async def do_reset(self, body):
        self.orders.clear()
        self.journal.clear()
        return {}

    async def do_stages(self, body):
        return await asyncio.to_thread(self.stages.told)

    async def do_secrets(self, body):
        return sorted(self.journal.secrets)

    async def do_proxy(self, body):
        return {"counts": self.proxy.counts, "refused": self.proxy.refused} if self.proxy else None

    async def do_expire(self, body):
        """Let tokens run out now: {"what": "expire-session" | "expire-master" | "lose-session" | "expire-storage"}."""
        if body["what"] == "expire-storage":
            self.store.expire()
        else:
            for session in self.sessions.all():
                self.sessions.expire(session, body["what"])
        return {}
