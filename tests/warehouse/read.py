"""Snowflake's own connector, kept at hand: each line of JSON on stdin is a login and statements, answered by a line with the rows of
the last of them, or with what went wrong.
"""

import json
import sys

import snowflake.connector


def read(asked):
    with snowflake.connector.connect(**asked["connect"]) as connection:
        cursor = connection.cursor()
        for sql in asked["statements"]:
            cursor.execute(sql)
        return {"names": [column.name for column in cursor.description], "rows": cursor.fetchall()}


def main():
    for line in sys.stdin:
        try:
            told = read(json.loads(line))
        except snowflake.connector.errors.Error as error:
            told = {"error": str(error)}
        print(json.dumps(told, default=str), flush=True)


if __name__ == "__main__":
    main()
