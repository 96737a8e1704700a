"""Times, zones, windows, as_of and population: by an oracle that shares nothing with the program."""

import case
import oracle
from sample import COLUMNS, ENTRIES, ROLES, Input, instant, quoted, random_events, stamp, table, with_amount


class Times(Input):
    def test_every_time_format_names_the_same_instants(self):
        events = random_events(150, seed=6)
        epoch = lambda unit: lambda when: str(when // unit)
        iso = lambda zone, form: lambda when: stamp(when, zone, "%Y-%m-%dT%H:%M:%S" + form)
        plus = lambda when: oracle.Meaning("Asia/Kolkata", 0, 0).local(when).isoformat()
        forms = [(stamp, "auto"), (lambda when: stamp(when) + " UTC", "auto"), (iso("UTC", "Z"), "iso"), (plus, "auto"),
                 (iso("America/New_York", "%z"), "iso"), (iso("UTC", ".000000Z"), "auto"),
                 (iso("UTC", ",000+00:00"), "iso"), (epoch(10**6), "auto"), (epoch(10**6), "seconds"),
                 (epoch(1000), "auto"), (epoch(1000), "milliseconds"), (epoch(1), "microseconds"),
                 (lambda when: stamp(when, form="%d.%m.%Y %H:%M:%S"), "day-first"), (lambda when: stamp(when, form="%m/%d/%Y %H:%M:%SZ"), "month-first"),
                 (lambda when: stamp(when, "America/New_York", "%-d-%-m-%Y %-H:%M:%S %z"), "day-first")]
        digests = {}
        for i, (form, name) in enumerate(forms):
            report, features = self.prepare([self.write(f"{i}.csv", table(events, form=form, quote=quoted))],
                                            ranks=i % 2 * 3, input__time_format=name)
            digests[f"{name} {form(0)}"] = report["digest"]
            self.assert_meant(features, with_amount(events))
        self.assertEqual(len(set(digests.values())), 1, digests)

    def test_fractions_of_a_second_count(self):
        events = random_events(60, seed=7)
        for i, event in enumerate(events):
            event["when"] += 1 + i * 16001 % 10**6
        iso = lambda when: stamp(when, form="%Y-%m-%d %H:%M:%S.%f")
        first, features = self.prepare([self.write("iso.csv", table(events, form=iso))])
        second, _ = self.prepare([self.write("us.csv", table(events, form=str))], input__time_format="microseconds")
        self.assert_meant(features, with_amount(events))
        self.assertEqual(first["digest"], second["digest"])

    def test_dates_and_what_is_no_time(self):
        days = ["20191001", "2019-10-02", "2020-02-29", "19991231"]
        bad = ["2019-02-29", "20191301", "2019-10-01 24:30:00", "", "yesterday", "2019-10-01T10:00:00+25:00", "123"]
        events = random_events(len(days) + len(bad), seed=8, empty=0)
        rows = [[text if name == "when" else event[name] for name in COLUMNS]
                for event, text in zip(events, days + bad)]
        path = self.write("dates.csv", "".join(",".join(row) + "\n" for row in [COLUMNS, *rows]))
        report, features = self.at_one_and_three([path], input__max_rejected=0.7)
        self.assertEqual((report["n_events"], report["rejected"]["time"]), (len(days), len(bad)))
        for event, text in zip(events, days):
            iso = text if "-" in text else f"{text[:4]}-{text[4:6]}-{text[6:]}"
            event["when"] = instant(iso + "T00:00:00+00:00")
        self.assert_meant(features, with_amount(events[:len(days)]))


class Zones(Input):
    def test_days_hours_weekdays_and_windows_across_both_changes_of_paris(self):
        for i, begin in enumerate(["2019-10-01T00:00:00+00:00", "2019-02-20T00:00:00+00:00"]):  # 27 October; 31 March
            events = random_events(400, seed=9 + i, begin=begin)
            path = self.write(f"{i}.csv", table(events, form=lambda when: str(when // 10**6)))
            _, features = self.at_one_and_three([path], input__timezone="Europe/Paris")
            self.assert_meant(features, with_amount(events), zone="Europe/Paris")

    def test_times_without_a_zone_are_local_and_times_with_one_are_not(self):
        paris = lambda when: stamp(when, "Europe/Paris")
        events = [event for event in random_events(300, seed=11) if not paris(event["when"]).startswith("2019-10-27 02")]
        local = self.write("local.csv", table(events[:150], form=paris))
        zoned = self.write("zoned.csv", table(events[150:], form=lambda when: stamp(when, form="%Y-%m-%dT%H:%M:%SZ")))
        _, features = self.at_one_and_three([local, zoned], input__timezone="Europe/Paris")
        self.assert_meant(features, with_amount(events), zone="Europe/Paris")

    def test_a_window_ends_with_the_day_of_as_of_in_its_zone(self):
        when = [instant("2019-10-25T21:59:59+00:00"), instant("2019-10-25T22:00:00+00:00"),
                instant("2019-10-28T12:00:00+00:00"), instant("2019-10-28T23:00:00+00:00")]
        events = [{**event, "when": at, "who": "1"} for event, at in zip(random_events(4, seed=12, empty=0), when)]
        path = self.write("edge.csv", table(events, form=lambda at: stamp(at, form="%Y-%m-%dT%H:%M:%SZ")))
        entries = [{"name": str(days), "count": "*", "where": {"last": f"{days}d"}} for days in (1, 3, 3000)]
        _, features = self.prepare([path], input__timezone="Europe/Paris", features__list=entries,
                                   features__as_of="2019-10-28")
        self.assertEqual(features, {"1": {"1": 1.0, "3": 2.0, "3000": 3.0}})

    def test_an_unknown_zone_is_refused(self):
        self.refused([self.write("a.csv", table(random_events(3, seed=1)))], "Mars/Olympus", code=64,
                     input__timezone="Mars/Olympus")


class AsOf(Input):
    def test_a_date_keeps_its_whole_day_and_a_timestamp_its_last_moment(self):
        events = random_events(300, seed=13)
        path = self.write("a.csv", table(events, form=lambda when: stamp(when, form="%Y-%m-%dT%H:%M:%SZ")))
        for text, zone, last in (("2019-11-03", "UTC", "2019-11-03T23:59:59.999999+00:00"),
                                 ("2019-11-03", "Europe/Paris", "2019-11-03T23:59:59.999999+01:00"),
                                 ("2019-11-03 12:30:00", "UTC", "2019-11-03T12:30:00+00:00"),
                                 ("2019-11-03 12:30:00", "Europe/Paris", "2019-11-03T12:30:00+01:00"),
                                 ("2019-11-03T12:30:00-02:00", "Europe/Paris", "2019-11-03T12:30:00-02:00"),
                                 ("2025-01-01", "UTC", "2025-01-01T23:59:59.999999+00:00")):
            report, features = self.at_one_and_three([path], features__as_of=text, input__timezone=zone)
            kept = [event for event in events if event["when"] <= instant(last)]
            self.assertEqual(report["n_after_as_of"], len(events) - len(kept), text)
            self.assert_meant(features, with_amount(kept), zone, instant(last))

    def test_a_date_is_that_day_itself_where_the_data_are_dates(self):
        events = random_events(100, seed=14)
        for event in events:
            event["when"] -= event["when"] % oracle.DAY
        path = self.write("a.csv", table(events, form=lambda when: stamp(when, form="%Y%m%d")))
        _, features = self.at_one_and_three([path], features__as_of="2019-11-03")
        as_of = instant("2019-11-03T00:00:00+00:00")
        self.assert_meant(features, with_amount([event for event in events if event["when"] <= as_of]), as_of=as_of)

    def test_nothing_before_as_of_is_an_error(self):
        self.refused([self.write("a.csv", table(random_events(9, seed=1)))], "as_of", features__as_of="1999-01-01")

    def test_latest_is_the_newest_event_that_the_rules_keep(self):
        events = random_events(100, seed=15, empty=0)
        newest = max(events, key=lambda event: event["when"])
        newest["note"] = "out"
        rules = [{"column": "note", "not": "out"}]
        report, features = self.prepare([self.write("a.csv", table(events))], input__rows=rules)
        self.assertEqual(report["n_filtered"], 1)
        self.assert_meant(features, with_amount([event for event in events if event is not newest]))


class Population(Input):
    def test_only_customers_with_such_an_event(self):
        events = random_events(150, seed=24)
        path = self.write("a.csv", table(events))
        for chosen in ("purchase", ["cart", "purchase"]):
            _, features = self.at_one_and_three([path], features__population={"event": chosen})
            buyers = {event["who"] for event in events if event["what"] in oracle.as_list(chosen)}
            self.assertEqual(set(features), buyers)
        _, features = self.prepare([path], features__list="rfm", features__population="all")
        self.assertEqual(set(features), {event["who"] for event in events})

    def test_without_an_event_column_every_row_is_a_purchase(self):
        events = random_events(150, seed=25)
        roles = {role: name for role, name in ROLES.items() if role != "event"}
        entries = [entry for entry in ENTRIES if not {"cart", "view", "n_a_or_b"} & set(str(entry).split("'"))]
        _, features = self.prepare([self.write("a.csv", table(events))], input__columns=roles, features__list=entries)
        for event in events:
            event["what"] = "purchase"
        self.assert_meant(features, with_amount(events), entries=entries)


if __name__ == "__main__":
    case.main()
