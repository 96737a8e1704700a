"""Run statements through Snowflake's official connector and print as JSON what became of each; what to do comes by stdin."""

import json
import sys

import snowflake.connector


def attempt(cursor, sql):
    try:
        cursor.execute(sql)
        return {"rows": cursor.fetchall(), "names": [column.name for column in cursor.description or []], "query_id": cursor.sfqid}
    except snowflake.connector.errors.Error as error:
        return {"error": error.errno, "state": error.sqlstate, "message": str(error)}


def main():
    asked = json.load(sys.stdin)
    try:
        with snowflake.connector.connect(**asked["connect"]) as connection:
            cursor = connection.cursor()
            told = [attempt(cursor, sql) for sql in asked["statements"]]
    except snowflake.connector.errors.Error as error:
        told = [{"error": error.errno, "state": error.sqlstate, "message": str(error)}]
    json.dump(told, sys.stdout, default=str)


if __name__ == "__main__":
    main()
