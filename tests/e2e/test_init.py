"""init: a newcomer's files become a job that runs; what is guessed is right, or said to be unsure; what cannot be read says what to do."""

import gzip
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import unittest

import case

ROLES = ("customer", "time", "event", "amount", "session", "order", "product", "category")
LOG = ["user_id,event_time,event_type,price,user_session"] + [
    f"{i % 7 + 1},2024-01-{i % 28 + 1:02} 10:00:{i % 60:02} UTC,{'purchase' if i % 4 == 0 else 'view'},{i}.50,s{i % 9}" for i in range(60)]


def table(text):
    """{what: (guess, sure?)} of the table that init prints."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"  (\w+) +(\S.*?) +(sure|likely|unsure) ", line + " ")
        if match:
            found[match.group(1)] = (match.group(2), match.group(3))
    return found


class Init(case.Case):
    def write(self, name, content):
        path = self.dir / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def start(self, *words, code=0):
        """init in this test's directory."""
        result = subprocess.run(case.command("init", *words, ranks=0), cwd=self.dir, capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertLessEqual(len(case.errors(result)), 1)
        return result

    def guess(self, name, content):
        """The table of a file with this content; the job that was written is one that rfmpi takes."""
        self.write(name, content)
        found = table(self.start(name).stdout)
        self.rfmpi("config", self.dir / (name.split(".")[0] + ".yml"), ranks=0)
        return found

    def run_job(self, job, *words):
        self.run_here(job, *words)
        return case.read_report(self.dir / "runs" / pathlib.Path(job).stem)

    def run_here(self, *words, code=0):
        result = subprocess.run(case.command("run", *map(str, words), ranks=2), cwd=self.dir, capture_output=True, text=True, timeout=100)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def refuse(self, name, content, pattern, remedy=None):
        """Exit code 65, one line that says why and what to do; the remedy on standard output is run, and init tried again."""
        self.write(name, content)
        result = self.start(name, code=65)
        line, = case.errors(result)
        self.assertRegex(line, pattern)
        self.assertFalse((self.dir / (name.split(".")[0] + ".yml")).exists())
        if not remedy:
            self.assertEqual(result.stdout, "")
            return None
        shell = f"rfmpi() {{ '{case.RFMPI}' \"$@\"; }}\n"
        again = subprocess.run(["bash", "-euc", shell + result.stdout], cwd=self.dir, capture_output=True, text=True, timeout=60)
        self.assertEqual(again.returncode, 0, again.stderr + result.stdout)
        return table(again.stdout)

    # ---- what is written, and where ----

    def test_a_file_that_is_there_stays(self):
        self.write("shop.csv", "\n".join(LOG))
        self.start("shop.csv")
        before = (self.dir / "shop.yml").read_bytes()
        (self.dir / "shop.yml").write_text("mine")
        self.assertIn("--force", case.errors(self.start("shop.csv", code=64))[0])
        self.assertIn("--out", case.errors(self.start("shop.csv", "--out", "shop.yml", code=64))[0])
        self.assertEqual((self.dir / "shop.yml").read_text(), "mine")
        self.start("shop.csv", "--force")
        self.assertEqual((self.dir / "shop.yml").read_bytes(), before)

    def test_out_names_the_job_and_a_dash_is_standard_output(self):
        self.write("shop.csv", "\n".join(LOG))
        text = self.start("shop.csv", "--out", "-").stdout
        self.assertFalse((self.dir / "shop.yml").exists())
        self.start("shop.csv", "--out", "other.yml")
        self.assertEqual((self.dir / "other.yml").read_text(), text)

    def test_where_there_is_no_room_no_half_of_a_job_stays(self):
        def take_room():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        self.write("shop.csv", "\n".join(LOG))
        result = subprocess.run([case.RFMPI, "init", "shop.csv"], cwd=self.dir, preexec_fn=take_room, capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 74, result.stderr)
        self.start("shop.csv")

    def test_two_commands_lead_to_a_result(self):
        self.write("shop.csv", "\n".join(LOG))
        said = self.start("shop.csv").stdout
        self.assertIn("rfmpi run shop.yml\n", said)
        self.assertTrue(all(len(line) <= 80 for line in said.splitlines()), said)
        report = self.run_job("shop.yml", "--set", "cluster.k=2")
        self.assertEqual((report["n_rejected"], report["n_rows"]), (0, 60))

    def test_a_name_with_blanks(self):
        self.write("my shop's.csv", "\n".join(LOG))
        said = self.start("my shop's.csv").stdout
        command = next(line for line in said.splitlines() if "rfmpi run " in line).split("rfmpi ", 1)[1]
        subprocess.run(["bash", "-c", f"'{case.RFMPI}' {command} --quiet"], cwd=self.dir, check=True, timeout=60)
        self.assertEqual(case.read_report(self.dir / "runs" / "my shop's")["n_events"], 60)

    def test_usage(self):
        self.assertIn("wants event files", case.errors(self.start(code=64))[0])
        self.assertIn("unknown flag --ouput; the nearest is --out;", case.errors(self.start("--ouput", code=64))[0])
        self.assertIn("--out: there is no value", case.errors(self.start("shop.csv", "--out", code=64))[0])
        self.assertIn("no such file", case.errors(self.start("nothing.csv", code=65))[0])

    def test_half_a_job_does_not_stay(self):
        self.write("shop.csv", "\n".join(LOG))
        limit = ["bash", "-c", 'ulimit -f 0; trap "" XFSZ; exec "$@"', "-", *map(str, case.command("init", "shop.csv", ranks=0))]
        result = subprocess.run(limit, cwd=self.dir, capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 74, result.stderr)
        self.assertFalse((self.dir / "shop.yml").exists())

    @unittest.skipUnless(os.geteuid() == 0, "only root is refused by a launcher")
    def test_root_is_told_of_no_launcher_that_refuses_it(self):
        self.write("shop.csv", "\n".join(LOG))
        said = subprocess.run(case.command("init", "shop.csv", ranks=0), cwd=self.dir, capture_output=True, text=True, timeout=60,
                              env={key: value for key, value in os.environ.items() if not key.startswith("OMPI_ALLOW")}).stdout
        refused = "Open MPI" in self.rfmpi("--version", ranks=0).stdout
        self.assertEqual("\n  rfmpi run shop.yml\n" in said, refused or "mpirun" not in said, said)

    # ---- real data: the job that is made says the same as the one that was written by hand ----

    def digests(self, job, paths, hand, *words, edit=str):
        self.start(*paths, "--out", job)
        (self.dir / job).write_text(edit((self.dir / job).read_text()))
        shared = [*words, "--set", "output.state=false"]
        made = self.dir / "made"
        self.run_here(job, *shared, "--set", f"output.dir={made}")
        by_hand = self.dir / "by-hand"
        self.run_here(case.SOURCE / "conf" / hand, "--set", "input.paths=" + json.dumps([str(path) for path in paths]), *shared, "--set",
                      f"output.dir={by_hand}")
        self.assertEqual(case.read_report(made)["digest"], case.read_report(by_hand)["digest"])

    @unittest.skipIf(case.DATA is None, "the real data sets are not on this machine")
    def test_rees46_is_as_by_hand(self):
        self.digests("job.yml", [case.DATA / "rees46" / "2019-Oct-head.csv"], "rees46.yml", "--set", "cluster.k=4")

    @unittest.skipIf(case.DATA is None, "the real data sets are not on this machine")
    def test_online_retail_is_as_by_hand_with_the_suggested_rules(self):
        paths = sorted((case.DATA / "online_retail").glob("2010-12-*.csv.gz"))
        self.digests("job.yml", paths, "online-retail.yml", "--set", "cluster.k=5", edit=lambda text: text.replace("    #- {", "    - {"))

    @unittest.skipIf(case.DATA is None, "the real data sets are not on this machine")
    def test_cdnow_is_as_by_hand(self):
        path = case.DATA / "cdnow" / "CDNOW_sample.txt"
        features = '[{name: purchase_days, distinct: day}, {name: recency_weeks, span: week}, {name: monetary, sum: amount}]'
        self.digests("job.yml", [path], "cdnow.yml", "--set", "cluster.k=4", "--set", f"features.list={features}", "--set",
                     "features.as_of=1997-09-30")

    @unittest.skipIf(case.DATA is None, "the real data sets are not on this machine")
    def test_online_retail_under_other_names_and_with_semicolons(self):
        names = "Facture;Article;Libellé;Quantité;Date;Prix unitaire;N° client;Pays"
        rows = []
        for path in sorted((case.DATA / "online_retail").glob("2010-12-0[1-3].csv.gz")):
            with gzip.open(path, "rt") as file:
                rows += file.read().splitlines()[1:]
        import csv
        plain = [";".join(field.replace(";", " ") for field in row) for row in csv.reader(rows)]
        found = self.guess("ventes.csv", "\n".join([names, *plain]))
        self.assertEqual(found["amount"], ("[\"Quantité\", \"Prix unitaire\"]", "sure"))
        wanted = {"delimiter": ";", "customer": "N° client", "time": "Date", "order": "Facture", "product": "Article", "id": "integer"}
        self.assertEqual({what: found[what][0].strip('"') for what in wanted}, wanted)
        self.assertEqual(self.run_job("ventes.yml")["n_rejected"], 0)

    def test_generated_events(self):
        path, = self.generate(events=20000, customers=1500)
        found = table(self.start(path, "--out", "job.yml").stdout)
        self.assertEqual([found[role][0] for role in ROLES], ["user_id", "event_time", "event_type", "price", "user_session",
                                                              "user_session", "product_id", "category_id"])
        self.rfmpi("convert", path, "--out", self.dir / "tables", ranks=0)
        again = table(self.start(*self.dir.glob("tables/*.h5"), "--out", "again.yml").stdout)
        self.assertEqual([again[role] for role in ROLES], [found[role] for role in ROLES])

    def test_a_file_that_is_none_of_events_is_told(self):
        self.generate(events=2000, customers=150)
        said = self.start("events").stdout
        self.assertEqual(table(said)["customer"][0], "user_id")
        self.assertIn("customers.csv has no column event_time", " ".join(said.split()))
        self.assertNotIn("has no column", self.start("events/part-*.csv").stdout)

    # ---- odd files ----

    def test_tabs_and_french_names(self):
        rows = ["Identifiant client\tDate de commande\tMontant TTC\tN° commande"] + [
            f"{i % 9:05}\t2023-0{i % 9 + 1}-15\t{i * 3}.9{i % 10}\tF{i // 2}" for i in range(40)]
        found = self.guess("achats.txt", "\n".join(rows))
        self.assertEqual(found["delimiter"][0], "tab")
        self.assertEqual(found["customer"], ('"Identifiant client"', "sure"))
        self.assertEqual(found["time"][0], '"Date de commande"')
        self.assertEqual(found["amount"][0], '"Montant TTC"')
        self.assertEqual(found["id"], ("integer", "likely"))
        self.assertEqual(self.run_job("achats.yml", "--set", "cluster.k=2")["n_rejected"], 0)

    def test_tsv_by_name_and_pipes(self):
        rows = [f"a{i % 5}|2024-02-{i % 28 + 1:02}|{i}.25" for i in range(40)]
        self.assertEqual(self.guess("one.tsv", "client\tdate\ttotal\n" + "\n".join(rows).replace("|", "\t"))["delimiter"], ("tab", "sure"))
        self.assertEqual(self.guess("two.csv", "client|date|total\n" + "\n".join(rows))["delimiter"], ('"|"', "sure"))

    def test_no_header(self):
        found = self.guess("bare.csv", "\n".join(f"c{i % 6},2024-02-{i % 28 + 1:02}T08:00:00Z,{i}.25" for i in range(50)))
        self.assertEqual(found["header"], ("false", "sure"))
        self.assertEqual([found[what][0] for what in ("customer", "time", "amount", "id")], ["1", "2", "3", "text"])
        self.assertEqual(found["customer"][1], "unsure")
        self.assertEqual(self.run_job("bare.yml", "--set", "cluster.k=2")["n_rejected"], 0)

    def test_addresses_of_email_are_customers_though_a_shorter_column_comes_again_too(self):
        rows = [f"u{i * 7 % 90}@example.org\t2024-02-{i % 28 + 1:02}\t{i}.25\tA{i % 30}" for i in range(200)]
        self.assertEqual(self.guess("mail.tsv", "\n".join(rows))["customer"], ("1", "unsure"))

    def test_epochs(self):
        for name, factor, form in (("s", 1, "seconds"), ("ms", 1000, "milliseconds"), ("us", 1000000, "microseconds")):
            rows = ["timestamp,visitorid,event,itemid,transactionid"] + [
                f"{(1433221332 + 977 * i) * factor},{i % 8},{'transaction' if i % 5 == 0 else 'view'},{i},{i if i % 5 == 0 else ''}" for i in range(60)]
            found = self.guess(f"{name}.csv", "\n".join(rows))
            self.assertEqual(found["time_format"], (form, "sure"))
            self.assertEqual(found["time"][0], "timestamp")
            report = self.run_job(f"{name}.yml", "--set", "cluster.k=2")
            self.assertEqual(report["n_rejected"], 0)
            self.assertIn("transaction", (self.dir / f"{name}.yml").read_text())  # what a purchase is called here
            self.assertEqual(report["n_customers"], 8)

    def test_events_without_names(self):
        found = self.guess("taobao.csv", "\n".join(f"{i % 30},{100 + i % 70},{i % 9},{['pv', 'buy', 'cart', 'fav'][i % 4]},{1511544070 + i * 777}"
                                                  for i in range(300)))
        self.assertEqual((found["event"][0], found["time"][0], found["customer"][1]), ("4", "5", "unsure"))
        report = self.run_job("taobao.yml", "--set", "cluster.k=3", "--set", "input.columns.customer=1")
        self.assertEqual(report["n_customers"], 15)  # those with a buy

    def test_days_of_a_spreadsheet_are_told(self):
        self.write("days.csv", "client,date,montant\n" + "".join(f"{i % 40},{45000 + i % 90},{i}.5\n" for i in range(300)))
        said = " ".join(self.start("days.csv").stdout.split())
        self.assertIn("a spreadsheet's numbers of days; format the cells there", said)
        self.assertIn("It is not complete", said)

    def test_events_without_a_purchase_are_told(self):
        rows = ["client,date,type,montant"] + [f"{i % 6},2024-01-{i % 28 + 1:02},{'credit' if i % 2 else 'debit'},{i}.5" for i in range(50)]
        self.write("bank.csv", "\n".join(rows))
        said = self.start("bank.csv").stdout
        self.assertNotIn("event", table(said))
        self.assertIn("none of its values is a purchase", " ".join(said.split()))

    def test_a_total_stands_before_quantity_and_price(self):
        rows = ["user,date,qty,unit_price,total"] + [f"u{i % 7},2024-01-{i % 28 + 1:02},{i % 3 + 1},{i}.50,{(i % 3 + 1) * (i + .5):.2f}" for i in range(50)]
        found = self.guess("lines.csv", "\n".join(rows))
        self.assertEqual(found["amount"], ("total", "sure"))

    def test_quoted_line_ends_and_apostrophes(self):
        rows = ["user_id,time,note,amount"] + [f"{i % 7},2024-01-{i % 28 + 1:02},\"two\nlines, and a \"\"quote\"\"\",{i}.5" for i in range(50)]
        self.assertEqual(self.guess("quoted.csv", "\n".join(rows))["delimiter"], ('","', "sure"))
        self.assertEqual(self.run_job("quoted.yml", "--set", "cluster.k=2")["n_rows"], 50)
        rows = ["user_id,time,note,amount"] + [f"'{i % 7}','2024-01-{i % 28 + 1:02}','a, b','{i}.5'" for i in range(50)]
        self.assertEqual(self.guess("single.csv", "\n".join(rows))["quote"][0], '"\'"')
        self.assertEqual(self.run_job("single.yml", "--set", "cluster.k=2")["n_rejected"], 0)

    def test_nulls_in_words_and_empty_customers(self):
        rows = ["user_id,time,amount"] + [f"{'NULL' if i % 5 == 0 else i % 7},2024-01-{i % 28 + 1:02},{i}.5" for i in range(50)]
        found = self.guess("null.csv", "\n".join(rows))
        self.assertEqual(found["null"], ('"NULL"', "likely"))
        report = self.run_job("null.yml", "--set", "cluster.k=2")
        self.assertEqual((report["n_filtered"], report["n_rejected"]), (10, 0))

    def test_many_decimals(self):
        rows = ["user_id,time,amount"] + [f"{i % 7},2024-01-{i % 28 + 1:02},{i}.1234567" for i in range(50)]
        self.assertEqual(self.guess("fine.csv", "\n".join(rows))["decimals"][0], "7")
        self.assertEqual(self.run_job("fine.yml", "--set", "cluster.k=2")["n_rejected"], 0)

    def test_one_column(self):
        found = self.guess("one.csv", "client\n" + "\n".join(f"c{i % 7}" for i in range(50)))
        self.assertEqual((found["customer"][0], found["time"][0]), ("client", "?"))
        self.assertEqual(found["delimiter"][1], "unsure")
        self.assertIn("input.columns.time is not set", case.errors(self.run_here("one.yml", code=64))[0])

    def test_the_same_name_twice_and_names_with_signs(self):
        rows = ["id client,prix,prix,\"a: b\",date"] + [f"{i % 7},{i}.5,{i},x,2024-01-{i % 28 + 1:02}" for i in range(50)]
        found = self.guess("twice.csv", "\n".join(rows))
        self.assertEqual((found["customer"][0], found["amount"][0]), ('"id client"', "?"))
        self.assertEqual(self.run_job("twice.yml", "--set", "cluster.k=2")["n_rejected"], 0)

    def test_ends_of_lines_beyond_ascii_are_letters_of_a_name(self):
        names = ("client\u2028cluster: {k: 3}", "montant\u0085total", "type\u2029")
        rows = [f"{names[0]},date,{names[1]},{names[2]}"] + [f"c{i % 6},2023-03-{i % 28 + 1:02},{i}.5,buy\u2028now: 1" for i in range(60)]
        self.guess("lines.csv", "\n".join(rows))
        report = self.run_job("lines.yml", "--set", "cluster.k=2", "--set", "input.columns.event=", "--set", "features.list=rfm")
        self.assertEqual((report["n_customers"], report["cluster"]["k"]), (6, 2))
        self.guess("broken.csv", "\n".join(rows).replace(names[2], '"type\nk: 3"'))

    def test_compressed_and_with_a_mark_in_front(self):
        found = self.guess("packed.csv.gz", gzip.compress(("\ufeff" + "\r\n".join(LOG)).encode()))
        self.assertEqual([found[what] for what in ("customer", "event", "amount")],
                         [("user_id", "sure"), ("event_type", "sure"), ("price", "sure")])
        self.run_job("packed.yml", "--set", "cluster.k=2")

    # ---- what is not read, and what is done about it ----

    def test_european_files_need_two_commands(self):
        """What a German and a French office export, and an American one: the same result as from the usual writing."""
        rows = [(f"c{i % 6}", i % 28 + 1, i % 9, 1000 * i + 5 * i) for i in range(60)]
        iso = self.guess("iso.csv", "client,date,montant\n" + "".join(f"{c},2023-03-{d:02} {h:02}:15,{a}.5\n" for c, d, h, a in rows))
        self.assertEqual(set(iso) & {"time_format", "decimal_mark", "thousands"}, set())
        point, blank, comma = (lambda a, gap=gap: f"{a:,}".replace(",", gap) for gap in (".", "\u202f", ","))
        files = {"de": ("client;date;montant\n" + "".join(f"{c};{d:02}.03.2023 {h:02}:15;{point(a)},5\n" for c, d, h, a in rows),
                        ("day-first", "comma", "point")),
                 "fr": ("client;date;montant\n" + "".join(f"{c};{d:02}/03/2023 {h:02}:15;{blank(a)},50\n" for c, d, h, a in rows),
                        ("day-first", "comma", "blank")),
                 "us": ("client,date,montant\n" + "".join(f"{c},3/{d}/2023 {h}:15,\"{comma(a)}.50\"\n" for c, d, h, a in rows),
                        ("month-first", None, "comma"))}
        wanted = self.run_job("iso.yml", "--set", "cluster.k=2")
        for name, (content, writing) in files.items():
            with self.subTest(name):
                found = self.guess(f"{name}.csv", content)
                for what, value in zip(("time_format", "decimal_mark", "thousands"), writing):
                    self.assertEqual(found.get(what), value and (value, "sure"))
                self.assertIn("behind the point" if writing[1] is None else "behind the comma", " ".join(self.start(
                    f"{name}.csv", "--force").stdout.split()))
                report = self.run_job(f"{name}.yml", "--set", "cluster.k=2")
                self.assertEqual((report["n_rejected"], report["digest"]), (0, wanted["digest"]))

    def test_german_names(self):
        rows = ["Kunden-Nr.;Rechnungsdatum;Bestell-Nr.;Artikelnummer;Menge;Einzelpreis;Warengruppe"] + [
            f"{17850 + i % 9};{i % 28 + 1:02}.02.2024;{i // 2};A{i % 5};{i % 4 + 1};{i},9{i % 10};W{i % 3}" for i in range(60)]
        found = self.guess("umsatz.csv", "\n".join(rows))
        wanted = {"customer": "Kunden-Nr.", "time": "Rechnungsdatum", "order": "Bestell-Nr.", "product": "Artikelnummer", "category": "Warengruppe",
                  "amount": "[Menge, Einzelpreis]", "time_format": "day-first", "decimal_mark": "comma"}
        self.assertEqual({what: found[what][0].strip('"') for what in wanted}, wanted)
        self.assertEqual({found[what][1] for what in wanted if what != "category"} - {"sure"}, set())
        self.assertEqual(self.run_job("umsatz.yml", "--set", "cluster.k=2")["n_rejected"], 0)

    def test_decimal_commas_alone_and_ids_with_them(self):
        """As pandas writes them with decimal=",": numbers of customers that were floats, too."""
        rows = ["user_id;time;amount"] + [f"{i % 7 + 17850},0;2024-01-{i % 28 + 1:02};{i},{i % 10}5" for i in range(50)]
        found = self.guess("pandas.csv", "\n".join(rows))
        self.assertEqual((found["decimal_mark"], found["id"], found["customer"][0]), (("comma", "sure"), ("integer", "sure"), "user_id"))
        report = self.run_job("pandas.yml", "--set", "cluster.k=2")
        self.assertEqual((report["n_rejected"], report["n_customers"]), (0, 7))

    def test_a_product_of_columns_with_decimal_commas(self):
        rows = ["user;date;qty;unit_price;total"] + [f"u{i % 7};{i % 28 + 1}.1.2024;{i % 3 + 1};{i},50;{(i % 3 + 1) * (i + .5):.2f}".replace(".50", ",50")
                                                     .replace(".00", ",00") for i in range(50)]
        found = self.guess("lines.csv", "\n".join(rows))
        self.assertEqual((found["amount"], found["time_format"]), (("total", "sure"), ("day-first", "sure")))

    def test_numbers_that_could_be_thousands_or_decimals_are_said_to_be_unsure(self):
        for name, delimiter, cells, mark, thousands in (
                ("a", ",", "\"1,23{}\"", None, "comma"), ("b", ";", "1,23{}", "comma", None), ("c", ";", "1.23{}", "point", None)):
            rows = [delimiter.join(["client", "date", "montant"])] + [
                delimiter.join([f"c{i % 6}", f"2024-02-{i % 28 + 1:02}", cells.format(i % 10)]) for i in range(60)]
            self.write(f"{name}.csv", "\n".join(rows))
            said = self.start(f"{name}.csv").stdout
            found = table(said)
            with self.subTest(name):
                self.assertEqual(found.get("thousands"), thousands and (thousands, "unsure"))
                self.assertEqual(found["decimal_mark"][1], "unsure")
                self.assertEqual(found["decimal_mark"][0], mark or "point")
                self.assertIn("could be a number in thousands, or one with three decimals", " ".join(said.split()))
                self.assertEqual(self.run_job(f"{name}.yml", "--set", "cluster.k=2")["n_rejected"], 0)
        small = [f"c{i % 6};2024-02-{i % 28 + 1:02};0,{i:03}" for i in range(60)]
        self.assertEqual(self.guess("small.csv", "client;date;montant\n" + "\n".join(small))["decimal_mark"], ("comma", "sure"))

    def test_numbers_and_times_of_no_one_writing_are_rewritten(self):
        rows = ["client;date;montant"] + [f"c{i % 6};{i % 28 + 1:02}.03.23;{i},50" for i in range(50)]
        found = self.refuse("short.csv", "\n".join(rows), "times like '01.03.23'", remedy=True)
        self.assertEqual((found["decimal_mark"], found["time"]), (("comma", "sure"), ("date", "sure")))
        self.assertEqual(self.run_job("short-plain.yml", "--set", "cluster.k=2")["n_rejected"], 0)
        rows = ["client;date;montant"] + [f"c{i % 6};{i % 28 + 1:02}.03.2023;{i},50 EUR" for i in range(50)]
        found = self.refuse("euro.csv", "\n".join(rows), "numbers like '0,50 EUR'", remedy=True)
        self.assertEqual(found["time_format"], ("day-first", "sure"))
        self.assertEqual(self.run_job("euro-plain.yml", "--set", "cluster.k=2")["n_rejected"], 0)

    def test_other_dates(self):
        forms = {"12/{d:02}/10 8:26": "2010-12-{d:02} 08:26:00", "{d}.3.23": "2023-03-{d:02}", "2023/03/{d:02}": "2023-03-{d:02}",
                 "{d:02}-Mar-2023": "2023-03-{d:02}", "Mar {d}, 2023": "2023-03-{d:02}", "03/{d:02}/2023 1:05 PM": "2023-03-{d:02} 13:05:00",
                 "202303{d:02}101500": "2023-03-{d:02} 10:15:00"}
        for number, (form, wanted) in enumerate(forms.items()):
            rows = ["client;date;total"] + [f"c{i % 6};{form.format(d=i % 28 + 1)};{i}.5" for i in range(56)]
            with self.subTest(form):
                found = self.refuse(f"d{number}.csv", "\n".join(rows), "times like", remedy=True)
                self.assertEqual(found["time"], ("date", "sure"))
                self.assertIn(f";{wanted.format(d=20)};".replace(";", ","), (self.dir / f"d{number}-plain.csv").read_text())

    def test_days_and_months_that_could_be_either_are_said_to_be_unsure(self):
        for name, delimiter, form, guess in (("a", ",", "{}/{}/2023", ("month-first", "unsure")), ("b", ";", "{}/{}/2023", ("day-first", "unsure")),
                                             ("c", ",", "{}-{}-2023", ("day-first", "unsure")), ("d", ",", "{}.{}.2023", ("day-first", "likely"))):
            rows = [delimiter.join(["client", "date", "total"])] + [
                delimiter.join([f"c{i % 6}", form.format(f"{i % 9 + 1:02}", f"{i % 7 + 1:02}"), f"{i}"]) for i in range(50)]
            self.write(f"{name}.csv", "\n".join(rows))
            said = self.start(f"{name}.csv").stdout
            with self.subTest(name):
                self.assertEqual(table(said)["time_format"], guess)
                self.assertEqual("which stands first in" in " ".join(said.split()), guess[1] == "unsure")
                self.assertEqual(self.run_job(f"{name}.yml", "--set", "cluster.k=2")["n_rejected"], 0)
        for number, (first, second, guess) in enumerate((("13", "05", "day-first"), ("05", "13", "month-first"))):
            rows = ["client,date,total"] + [f"c{i % 6},{first}/{second}/2023,{i}.5" if i == 20 else f"c{i % 6},0{i % 9 + 1}/0{i % 7 + 1}/2023,{i}.5" for i in range(50)]
            self.assertEqual(self.guess(f"told{number}.csv", "\n".join(rows))["time_format"], (guess, "sure"))

    def test_commas_and_currencies(self):
        rows = ["client;date;montant"] + [f"c{i % 6};2023-03-{i % 28 + 1:02};\"1 {i:03},50 €\"" for i in range(50)]
        found = self.refuse("prix.csv", "\n".join(rows), "numbers like '1 000,50", remedy=True)
        self.assertEqual((found["amount"], found["time"]), (("montant", "sure"), ("date", "sure")))
        self.assertIn(",1049.50\n", (self.dir / "prix-plain.csv").read_text())
        rows = ["client,date,total"] + [f"c{i % 6},2023-03-{i % 28 + 1:02},\"$1,{i:03}.25\"" for i in range(50)]
        self.refuse("dollars.csv", "\n".join(rows), r"numbers like '\$1,000.25'", remedy=True)
        self.assertIn(",1049.25\n", (self.dir / "dollars-plain.csv").read_text())

    def test_all_files_are_rewritten_with_what_is_torn_and_what_is_not_utf8(self):
        head = "client;date;ville;montant\n"
        rows = [f"c{i % 6};{i % 28 + 1:02}/03/23;Orl\u00e9ans;{i},5 EUR\n" for i in range(80)]
        self.write("a.csv", (head + "".join(rows[:30]) + "c1;unknown;Paris;1,5 EUR\nc1;02/03").encode("latin-1"))
        self.write("b.csv.gz", gzip.compress((head + "".join(rows[30:])).encode("latin-1")))
        result = self.start("a.csv", "b.csv.gz", code=65)
        self.assertIn("all files into ", case.errors(result)[0])
        name = re.search(r"rfmpi init (\S+)$", result.stdout.strip()).group(1)
        subprocess.run(["bash", "-euc", "rfmpi() { :; }\n" + result.stdout], cwd=self.dir, check=True, timeout=60)
        lines = (self.dir / name).read_bytes().decode("latin-1").splitlines()
        self.assertEqual((len(lines), lines[0], lines[30:34]), (83, "client,date,ville,montant", ["c5,2023-03-02,Orl\u00e9ans,29.5", "c1,unknown,Paris,1.5",
                                                                                              "c1,02/03", "c0,2023-03-03,Orl\u00e9ans,30.5"]))

    def test_two_bytes_a_letter(self):
        text = "\r\n".join(LOG)
        for name, content in (("wide.csv", text.encode("utf-16")), ("bare.csv", text.encode("utf-16-le"))):
            self.write(name, content)
            self.assertIn("UTF-16", case.errors(self.start(name, code=65))[0])
        found = self.refuse("wide2.csv", text.encode("utf-16"), "make UTF-8 of it by the lines above", remedy=True)
        self.assertEqual(found["customer"], ("user_id", "sure"))

    def test_names_in_an_old_encoding(self):
        rows = ["Numéro client;date;Quantité;Prix"] + [f"{i % 7};2024-01-{i % 28 + 1:02};2;{i}.5" for i in range(50)]
        found = self.refuse("vieux.csv", "\n".join(rows).encode("latin-1"), "not in UTF-8", remedy=True)
        self.assertEqual(found["customer"][0], '"Numéro client"')

    def test_what_is_no_table_of_events(self):
        self.refuse("nothing.csv", "", "nothing in it")
        self.refuse("head.csv", "user_id,event_time\n", "only a header")
        self.refuse("binary.csv", bytes(range(256)) * 40, "is no text")
        self.refuse("rows.csv", '{"user": 1}\n{"user": 2}\n', "is JSON")
        self.refuse("page.csv", "<html><table>", "is XML or HTML")
        self.refuse("sheet.xlsx", b"PK\x03\x04" + bytes(99), "save the sheet as CSV")
        self.refuse("packed.csv", b"PK\x03\x04" + bytes(99), "unpack it first")
        found = self.refuse("old.csv", "\r".join(LOG), "carriage returns alone", remedy=True)
        self.assertEqual(found["customer"], ("user_id", "sure"))
        found = self.refuse("excel.csv", "sep=;\n" + "\n".join(LOG).replace(",", ";"), "take it away", remedy=True)
        self.assertEqual(found["delimiter"][0], '";"')


if __name__ == "__main__":
    case.main()
