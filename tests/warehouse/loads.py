"""What has been loaded into which table: a file that was loaded before, with the same content, is not loaded again.

The memory belongs to the table: it goes where the table goes, and a new table has none.
"""

import copy


class Loads:
    def __init__(self):
        self.tables = {}            # name: {file: md5}

    def has(self, table, file, md5):
        return self.tables.get(table, {}).get(file) == md5

    def record(self, table, files):
        self.tables.setdefault(table, {}).update(files)

    def forget(self, table):
        self.tables.pop(table, None)

    def rename(self, old, new):
        self.tables[new] = self.tables.pop(old, {})

    def swap(self, one, other):
        self.tables[one], self.tables[other] = self.tables.get(other, {}), self.tables.get(one, {})

    def snapshot(self):
        return copy.deepcopy(self.tables)

    def restore(self, snapshot):
        self.tables = snapshot
