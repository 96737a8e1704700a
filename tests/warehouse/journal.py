"""Everything that was asked, in order, with the secrets blotted out; and the secrets themselves, for tests that look for them."""

import itertools


class Journal:
    def __init__(self):
        self.entries, self.secrets = [], set()
        self._number = itertools.count(1)

    def keep_secret(self, *words):
        """Remember secrets; returns the first."""
        self.secrets.update(word for word in words if word)
        return words[0]

    def mask(self, text):
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "****")
        return text

    def write(self, point, request, **more):
        """Begin an entry; the caller adds `status` and what else becomes known to the dictionary that it gets."""
        entry = {"n": next(self._number), "at": point, "method": request.method, "path": self.mask(request.path), **more}
        if "sql" in entry:
            entry["sql"] = self.mask(entry["sql"])
        self.entries.append(entry)
        return entry

    def clear(self):
        self.entries.clear()

    def counts(self):
        """How often each point was reached, and how many statements were answered without running again."""
        counts = {}
        for entry in self.entries:
            counts[entry["at"]] = counts.get(entry["at"], 0) + 1
        counts["replays"] = sum(bool(entry.get("replay")) for entry in self.entries)
        return counts
