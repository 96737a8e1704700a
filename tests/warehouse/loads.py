"""What has been loaded into which table: a file that was loaded before, with the same content, is not loaded again.

The memory belongs to the table: it goes where the table goes, and a new table has none. What a transaction loads counts for
itself at once, and for everybody when it commits.
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


class Uncommitted(Loads):
    """As one transaction sees it."""

    def __init__(self, committed):
        self.tables, self.committed, self.done = copy.deepcopy(committed.tables), committed, []

    def record(self, table, files):
        super().record(table, files)
        self.done.append(lambda: self.committed.record(table, files))

    def forget(self, table):
        super().forget(table)
        self.done.append(lambda: self.committed.forget(table))

    def commit(self):
        for step in self.done:
            step()
