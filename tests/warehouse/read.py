"""Run statements through Snowflake's own connector and print the rows of the last one as JSON; what to do comes by stdin."""

import json
import sys

import snowflake.connector


def main():
    asked = json.load(sys.stdin)
    with snowflake.connector.connect(**asked["connect"]) as connection:
        cursor = connection.cursor()
        for sql in asked["statements"]:
            cursor.execute(sql)
        names = [column.name for column in cursor.description]
        json.dump({"names": names, "rows": cursor.fetchall()}, sys.stdout, default=str)


if __name__ == "__main__":
    main()
