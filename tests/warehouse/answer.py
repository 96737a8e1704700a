"""The data of a query's answer, and how values look in a JSON rowset: everything is text, and null is null.

A result is a list of columns (as the service describes them) and rows of Python values.
"""

import datetime
import decimal
import math
import time

EPOCH = datetime.datetime(1970, 1, 1)
TYPE_IDS = {"select": 0x1000, "insert": 0x3100, "update": 0x3200, "delete": 0x3300, "merge": 0x3400, "copy": 0x3000, "use": 0x4000,
            "alter": 0x6000, "create": 0x6000, "drop": 0x6000, "begin": 0x5000, "commit": 0x5000, "rollback": 0x5000}


def column(name, kind="text", nullable=True, scale=None, precision=None, length=None):
    if kind == "text" and length is None:
        length = 16777216
    if kind == "fixed" and scale is None:
        scale, precision = 0, 38
    return {"name": name, "database": "", "schema": "", "table": "", "nullable": nullable, "type": kind, "length": length,
            "byteLength": length and min(4 * length, 16777216), "precision": precision, "scale": scale, "collation": None}


class Result:
    def __init__(self, columns, rows, stats=None, arrow=None):
        self.columns, self.rows, self.stats, self.arrow = columns, rows, stats, arrow


def said(text):
    """The one line that most statements answer with."""
    return Result([column("status")], [[text]])


DONE = "Statement executed successfully."


def cell(value, kind):
    """One value as a JSON rowset has it."""
    if value is None:
        return None
    if kind == "boolean":
        return "1" if value else "0"
    if kind == "fixed":
        return f"{decimal.Decimal(value):f}"
    if kind == "real":
        return "NaN" if math.isnan(value) else repr(float(value))
    if kind == "date":
        return str((value - EPOCH.date()).days)
    if kind == "time":
        micros = ((value.hour * 60 + value.minute) * 60 + value.second) * 10**6 + value.microsecond
        return f"{micros // 10**6}.{micros % 10**6:06}000"
    if kind.startswith("timestamp"):
        return instant(value, kind)
    if kind == "binary":
        return value.hex().upper()
    return str(value)


def instant(value, kind):
    """Seconds since 1970 with nine digits; with a zone, minutes from 1440 behind them."""
    suffix = ""
    if value.tzinfo is not None:
        if kind == "timestamp_tz":
            suffix = f" {1440 + int(value.utcoffset().total_seconds()) // 60}"
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    micros = (value - EPOCH) // datetime.timedelta(microseconds=1)
    sign = "-" if micros < 0 else ""
    return f"{sign}{abs(micros) // 10**6}.{abs(micros) % 10**6:06}000{suffix}"


def data_of(result, query_id, session, kind):
    """The `data` of the answer to a statement that went well."""
    data = {"parameters": [], "rowtype": result.columns, "queryId": query_id, "databaseProvider": None, "numberOfBinds": 0,
            "arrayBindSupported": False, "version": 1, "statementTypeId": TYPE_IDS.get(kind, 0x2000), "sqlState": "00000",
            "sendResultTime": int(time.time() * 1000), "queryResultFormat": "json", **session.final_names()}
    if result.stats:
        data["stats"] = result.stats
    if result.arrow is not None:
        data.update(queryResultFormat="arrow", rowsetBase64=result.arrow, total=len(result.rows), returned=len(result.rows))
        return data
    kinds = [one["type"] for one in result.columns]
    data["rowset"] = [[cell(value, kind) for value, kind in zip(row, kinds)] for row in result.rows]
    data.update(total=len(result.rows), returned=len(result.rows))
    return data
