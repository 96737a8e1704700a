"""Everything under `input:` but times: by an oracle that shares nothing with the program."""

import json
import random
from decimal import Decimal
from fractions import Fraction

import case
import oracle
from sample import COLUMNS, ENTRIES, ROLES, Input, fields_of, quoted, random_events, stamp, table, with_amount


class Dialects(Input):
    def test_every_way_to_write_the_same_events(self):
        events = random_events(300, seed=1, empty=0)
        ways = {
            "lf": (table(events), {}), "crlf": (table(events, end="\r\n"), {}),
            "no last newline": (table(events)[:-1], {}),
            "bom": ("\ufeff" + table(events), {}), "bom crlf": ("\ufeff" + table(events, end="\r\n"), {}),
            "quotes": (table(events, quote=quoted), {}), "quotes bom": ("\ufeff" + table(events, quote=quoted), {}),
            "semicolons": (table(events, ";"), {"input__delimiter": ";"}),
            "bars": (table(events, "|"), {"input__delimiter": "|"}),
            "tabs": (table(events, "\t", end="\r\n"), {"input__delimiter": "tab"}),
            "blanks": (table(events, "   ", form=lambda when: stamp(when, form="%Y-%m-%dT%H:%M:%S"),
                             quote=lambda text: text.replace(" ", "_")), {"input__delimiter": "blanks"}),
        }
        digests = {}
        for i, (name, (text, keys)) in enumerate(ways.items()):
            report, features = self.prepare([self.write(f"{i}.csv", text)], ranks=i % 2 * 3, **keys)
            self.assertEqual(report["n_events"], 300, name)
            digests[name] = report["digest"]
            self.assert_meant(features, with_amount(events))
        self.assertEqual(len(set(digests.values())), 1, digests)

    def test_columns_by_number_where_there_is_no_header(self):
        events = random_events(200, seed=2)
        number = {name: i + 1 for i, name in enumerate(COLUMNS)}
        entries = json.loads(json.dumps(ENTRIES))
        for entry in entries:
            for place in [entry, entry.get("where", {}), *entry.get("where", {}).get("rows", [])]:
                for key, value in place.items():
                    if key != "name" and isinstance(value, str) and value in ("price", "note", "score"):
                        place[key] = number[value]
        report, features = self.at_one_and_three(
            [self.write("bare.csv", table(events, header=False))], input__header=False, features__list=entries,
            input__columns={role: number[name] for role, name in ROLES.items()})
        self.assertEqual(report["n_rows"], 200)
        self.assert_meant(features, with_amount(events))

    def test_quotes_hold_delimiters_quotes_and_line_ends(self):
        events = random_events(400, seed=3)
        draw = random.Random(3)
        for event in events:
            event["note"] = draw.choice(["a,b", 'a"b', "\n", "a\r\nb", '"', "a", "", " a ", "ab"])
        paths = [self.write("quoted.csv", table(events, quote=quoted)), self.write("plain.csv", table([])),
                 self.write("crlf.csv", table([], end="\r\n"))]
        _, features = self.at_one_and_three(paths)
        self.assert_meant(features, with_amount(events))

    def test_files_with_columns_in_another_order_and_more_of_them(self):
        events = random_events(300, seed=4)
        names = ["extra", *COLUMNS[::-1]]
        rows = [["x", *fields_of(event, stamp)[::-1]] for event in events[100:]]
        second = "".join(",".join(row) + "\n" for row in [names, *rows])
        paths = [self.write("a.csv", table(events[:100])), self.write("b.csv", second)]
        report, features = self.at_one_and_three(paths)
        self.assertEqual(report["n_events"], 300)
        self.assert_meant(features, with_amount(events))

    def test_a_file_that_two_patterns_name_is_read_once(self):
        events = random_events(50, seed=5)
        path = self.write("a.csv", table(events))
        report, features = self.prepare([path, path, str(self.dir / "a*.csv"), str(self.dir / "." / "a.csv")])
        self.assertEqual(report["n_rows"], 50)
        self.assert_meant(features, with_amount(events))


class Ids(Input):
    LIST = [{"name": "n", "count": "*"}]

    def counted(self, ids, **keys):
        events = random_events(len(ids), seed=16, empty=0)
        for event, text in zip(events, ids):
            event["who"] = text
        report, features = self.at_one_and_three([self.write("ids.csv", table(events, quote=quoted))],
                                                 features__list=self.LIST, input__max_rejected=1, **keys)
        return report, {i: values["n"] for i, values in features.items()}

    def test_integers_are_normalised(self):
        good = ["17850", "017850", "+17850", "17850.0", "0017850.000", "-3", "-03.0", "0", "-0", "+0.0",
                "9223372036854775807", "-9223372036854775808"]
        bad = ["", "x1", "1.5", "9223372036854775808", "1e3", "--1", "1 2", "0x10", "."]
        report, n = self.counted(good + bad, input__id="integer")
        self.assertEqual(n, {17850: 5, -3: 2, 0: 3, 2**63 - 1: 1, -2**63: 1})
        self.assertEqual(report["rejected"]["customer"], len(bad))

    def test_text_stands_as_it_is(self):
        good = ["17850", "017850", "17850.0", "a,b", 'say "hi"', "line\nend", "é", "x" * 255, "17850", "null", "NaN"]
        report, n = self.counted(good + ["", "y" * 256])
        self.assertEqual(n, {text: good.count(text) for text in good})
        self.assertEqual(report["rejected"]["customer"], 2)


class Amounts(Input):
    SUMS = [{"name": "total", "sum": "amount"}, {"name": "mean", "mean": "amount"}, {"name": "n", "count": "*"}]

    def summed(self, rows, roles=None, **keys):
        """rows are (customer, price text, quantity text)."""
        events = random_events(len(rows), seed=17, empty=0)
        for event, (who, price, qty) in zip(events, rows):
            event.update(who=who, price=price, qty=qty)
        path = self.write(f"amounts-{self.n}.csv", table(events))
        return self.at_one_and_three([path], input__columns={**ROLES, **(roles or {})}, features__list=self.SUMS,
                                     **keys)

    def test_sums_of_money_are_exact(self):
        draw = random.Random(18)
        rows = [(str(i % 3), draw.choice(["0.1", "0.2", "0.30", "-0.7", "19.99", "1e1", ".5", "7.", "+3"]), "1")
                for i in range(20000)]
        _, features = self.summed(rows, input__decimals=2)
        for who, values in features.items():
            exact = sum(Decimal(price) for customer, price, _ in rows if customer == who)
            self.assertEqual(values["total"], float(exact))

    def test_more_digits_than_decimals_and_what_is_no_number_are_rejected(self):
        good = [("1", text, "1") for text in ("1.25", "1.2500", "-0.01", "", "100", "0.00000")]
        bad = [("1", text, "1") for text in ("1.255", "0.001", "x", "1.2.3", "1;5", "--1", "1e-3", "9" * 20, "0x1F")]
        report, features = self.summed(good + bad, input__decimals=2, input__max_rejected=1)
        self.assertEqual((report["n_events"], report["rejected"]["number"]), (len(good), len(bad)))
        self.assertEqual(features["1"]["total"], 102.49)

    def test_a_product_adds_the_decimals_of_its_factors(self):
        draw = random.Random(19)
        rows = [(str(i % 5), f"{draw.randrange(-10**6, 10**7) / 1000:.3f}", str(draw.randrange(-4, 30) / 1000))
                for i in range(3000)]
        _, features = self.summed(rows, {"amount": ["qty", "price"]}, input__decimals=3)
        for who, values in features.items():
            products = [Fraction(price) * Fraction(qty) for customer, price, qty in rows if customer == who]
            self.assertEqual(values["total"], float(sum(products)))
            mean = float(sum(products) / len(products))
            self.assertAlmostEqual(values["mean"], mean, delta=4e-15 * abs(mean))

    def test_sums_beyond_64_bits_are_exact(self):
        large = "922337203685477.5807"  # 2^63 - 1 at four decimals
        _, features = self.summed([("1", large, "1")] * 50 + [("2", "-" + large, "1")] * 50, input__decimals=4)
        exact = 50 * Fraction(large)
        self.assertEqual((features["1"]["total"], features["2"]["total"]), (float(exact), -float(exact)))

    def test_an_amount_or_product_beyond_64_bits_is_rejected(self):
        report, _ = self.summed([("1", "922337203685477.5808", "1"), ("1", "1", "1")], input__max_rejected=1)
        self.assertEqual(report["rejected"]["number"], 1)
        report, _ = self.summed([("1", "9999999999", "9999999999"), ("1", "1", "1")], {"amount": ["qty", "price"]},
                                input__max_rejected=1)
        self.assertEqual(report["rejected"]["number"], 1)


class Rows(Input):
    def test_every_kind_of_keep_rule_and_their_conjunction(self):
        events = random_events(300, seed=20)
        path = self.write("a.csv", table(events))
        for i, rules in enumerate([[{"column": "note", "equal": "ab"}], [{"column": "note", "not": "ab"}],
                                   [{"column": "note", "prefix": "ab"}], [{"column": "note", "not_prefix": "ab"}],
                                   [{"column": "score", "above": 1.5}], [{"column": "price", "below": 0}],
                                   [{"column": "cat", "present": True}], [{"column": "cat", "present": False}],
                                   [{"column": "score", "above": -5, "below": 5}, {"column": "note", "prefix": "a"}]]):
            report, features = self.prepare([path], ranks=i % 2 * 3, input__rows=rules)
            kept = [event for event in events if oracle.kept(event, rules)]
            self.assertEqual((report["n_filtered"], report["n_events"]), (300 - len(kept), len(kept)), rules)
            newest = max(event["when"] for event in kept)
            self.assert_meant(features, with_amount(kept), as_of=newest)

    def test_a_row_counts_once_rejected_then_filtered_then_after_as_of_then_duplicate(self):
        row = lambda when, note, price="1": f"7,{when},view,{price},1,s,o,p,c,{note},0\n"
        early, late = "2019-10-01 00:00:00", "2019-12-01 00:00:00"
        text = ",".join(COLUMNS) + "\n" + "".join([
            row(early, "in") * 3, row(late, "in") * 2, row(late, "out"), row(early, "out") * 2, row(late, "out", "x"),
            row(early, "in", "x"), row("soon", "out")])
        report, _ = self.at_one_and_three([self.write("a.csv", text)], input__rows=[{"column": "note", "not": "out"}],
                                          features__as_of="2019-11-01", input__dedupe="row", input__max_rejected=1)
        counts = {part: report["n_" + part] for part in ("rejected", "filtered", "after_as_of", "duplicates", "events")}
        self.assertEqual(counts, {"rejected": 3, "filtered": 3, "after_as_of": 2, "duplicates": 2, "events": 1})

    def test_max_rejected_is_a_share_that_may_be_reached(self):
        text = table(random_events(98, seed=21)) + "torn\nagain\n"
        path = self.write("a.csv", text)
        report, _ = self.prepare([path], input__max_rejected=0.02)
        self.assertEqual(report["n_rejected"], 2)
        self.refused([path], "2 of 100 rows rejected", input__max_rejected=0.0199)


class Dedupe(Input):
    def three_files(self, events):
        return [self.write(f"{i}.csv", table(events[i::3])) for i in range(3)]

    def test_rows_equal_in_all_mapped_fields_count_once(self):
        distinct = random_events(150, seed=22)
        copies = [dict(event, note="other", score="5", qty="2") for event in distinct[:60]]  # no mapped columns
        entries = [entry for entry in ENTRIES if "note" not in str(entry) and "score" not in str(entry)]
        paths = self.three_files(distinct + copies + distinct[40:90])
        report, features = self.at_one_and_three(paths, input__dedupe="row", features__list=entries)
        self.assertEqual((report["n_events"], report["n_duplicates"]), (150, 110))
        self.assert_meant(features, with_amount(distinct), entries=entries)

    def test_written_otherwise_but_equal_after_parsing(self):
        text = ",".join(COLUMNS) + "\n" + "\n".join([
            "007,2019-10-01 00:00:00,view,1.50,1,s,o,p,c,n,0", "7,1569888000,view,1.5,1,s,o,p,c,n,0",
            '"7.0",2019-10-01T02:00:00+02:00,"view",01.5000,1,s,o,p,c,n,0'])
        report, _ = self.at_one_and_three([self.write("a.csv", text)], input__dedupe="row", input__id="integer")
        self.assertEqual((report["n_events"], report["n_duplicates"]), (1, 2))

    def test_of_rows_with_one_key_the_earliest_stays(self):
        events = random_events(300, seed=23, empty=0)
        for i, event in enumerate(events):
            event["note"] = f"key-{i * 7919 % 90}"
        report, features = self.at_one_and_three(self.three_files(events), input__dedupe="note")
        first = {}
        for event in sorted(events, key=lambda event: event["when"]):
            first.setdefault(event["note"], event)
        self.assertEqual((report["n_events"], report["n_duplicates"]), (90, 210))
        self.assert_meant(features, with_amount(first.values()), as_of=max(event["when"] for event in first.values()))


if __name__ == "__main__":
    case.main()
