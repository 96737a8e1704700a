"""An error as the service words it: a code, a message, and for statements an SQL state and a place in the text."""


class Refused(Exception):
    def __init__(self, code, message, state=None, line=-1, pos=-1, status=200):
        super().__init__(message)
        self.code, self.message, self.state = code, message, state
        self.line, self.pos, self.status = line, pos, status

    def answer(self, query_id=None):
        data = None
        if self.state:
            data = {"internalError": False, "errorCode": self.code, "age": 0, "sqlState": self.state, "queryId": query_id,
                    "line": self.line, "pos": self.pos, "type": "COMPILATION" if self.line >= 0 else "EXECUTION"}
        elif self.code.startswith("3901") and self.code not in ("390111", "390112"):
            data = {"nextAction": "RETRY_LOGIN", "authnMethod": None}
        return {"data": data, "code": self.code, "message": self.message, "success": False, "headers": None}


def absent(kind, name):
    """What the service says of what is not there, or what may not be seen."""
    return Refused("002003", f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized.",
                   "02000" if kind == "Stage" else "42S02", 0, -1)


def syntax(sql, word, at):
    line = sql.count("\n", 0, at)
    pos = at - (sql.rfind("\n", 0, at) + 1)
    return Refused("001003", f"SQL compilation error:\nsyntax error line {line + 1} at position {pos} unexpected '{word}'.",
                   "42000", line + 1, pos)


def invalid(what):
    return Refused("001012", f"SQL compilation error:\n{what}", "42601", 0, -1)
