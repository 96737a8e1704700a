"""Read statements as Snowflake's, strictly; says of each its kind, and which functions in it nobody knows. JSON both ways."""

import json
import sys

import sqlglot
from sqlglot import exp


def describe(sql):
    statements = [tree for tree in sqlglot.parse(sql, read="snowflake", error_level=sqlglot.ErrorLevel.RAISE) if tree]
    unknown = [node.name for tree in statements for node in tree.find_all(exp.Anonymous, exp.Command)]
    return {"kinds": [tree.key for tree in statements], "unknown": unknown}


if __name__ == "__main__":
    json.dump([describe(sql) for sql in json.load(sys.stdin)], sys.stdout)
