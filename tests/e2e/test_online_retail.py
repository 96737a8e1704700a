"""conf/online-retail.yml equals DuckDB's SQL over the UCI Online Retail days: products of columns, keep rules, "17850.0" as id."""

import case

import duckdb
import numpy


class OnlineRetail(case.Case):
    def test_equals_sql(self):
        report = self.run_job("online-retail.yml", [case.DATA / "online_retail"], "run", ranks=3)
        sql = duckdb.connect()
        sql.execute("create table lines as select * from read_csv($1, all_varchar = true, header = true)",
                    [str(case.DATA / "online_retail" / "*.csv.gz")])
        sql.execute("""create table kept as
                       select CustomerID::decimal(18, 2)::bigint as id, InvoiceNo, InvoiceDate::timestamp as sold,
                              Quantity::decimal(18, 4) * UnitPrice::decimal(18, 4) as amount
                       from lines where CustomerID <> '' and Quantity::decimal(18, 4) > 0 and UnitPrice::decimal(18, 4) > 0""")
        n_lines, = sql.execute("select count(*) from lines").fetchone()
        n_kept, = sql.execute("select count(*) from kept").fetchone()
        self.assertEqual((report["n_rows"], report["n_events"], report["n_filtered"], report["n_rejected"]),
                         (n_lines, n_kept, n_lines - n_kept, 0))
        wanted = sql.execute("""select id, (epoch_us((select max(sold) from kept)) - epoch_us(max(sold))) / 86400e6 as recency_days,
                                       count(distinct InvoiceNo)::double as frequency, sum(amount)::double as monetary
                                from kept group by id order by id""").fetchnumpy()
        ids, names, values = case.read_features(self.dir / "run")
        order = numpy.argsort(ids)
        numpy.testing.assert_array_equal(ids[order], wanted["id"])
        for j, name in enumerate(names):
            numpy.testing.assert_allclose(values[order, j], wanted[name], rtol=1e-15, atol=0, err_msg=name)


if __name__ == "__main__":
    case.need_data()
    case.main()
