"""The FILE_FORMAT of a COPY, for CSV: its options with the service's defaults, and a file read by it into columns of text.

What a field becomes is settled here as far as it needs to know of quotes; NULL_IF and types are the caller's.
"""

import csv
import gzip
import re
import shutil
import zlib

import pyarrow
import pyarrow.csv

from refusal import Refused, invalid
from words import check_known, truth

DEFAULTS = {
    "COMPRESSION": "AUTO", "RECORD_DELIMITER": "\n", "FIELD_DELIMITER": ",", "MULTI_LINE": "TRUE", "PARSE_HEADER": "FALSE",
    "SKIP_HEADER": "0", "SKIP_BLANK_LINES": "FALSE", "DATE_FORMAT": "AUTO", "TIME_FORMAT": "AUTO", "TIMESTAMP_FORMAT": "AUTO",
    "BINARY_FORMAT": "HEX", "ESCAPE": "NONE", "ESCAPE_UNENCLOSED_FIELD": "\\", "TRIM_SPACE": "FALSE",
    "FIELD_OPTIONALLY_ENCLOSED_BY": "NONE", "NULL_IF": ["\\N"], "ERROR_ON_COLUMN_COUNT_MISMATCH": "TRUE",
    "REPLACE_INVALID_CHARACTERS": "FALSE", "EMPTY_FIELD_AS_NULL": "TRUE", "SKIP_BYTE_ORDER_MARK": "TRUE", "ENCODING": "UTF8",
    "FILE_EXTENSION": None}
STRPTIME = [("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d"), ("HH24", "%H"), ("MI", "%M"), ("SS", "%S"), ("FF6", "%f"), ("FF3", "%g"),
            ("FF9", "%n"), ("FF", "%f"), ("TZH:TZM", "%z"), ('"T"', "T"), ('"Z"', "Z")]


class FileFormat:
    def __init__(self, options):
        options = dict(options)
        kind = str(options.pop("TYPE", "CSV")).upper()
        if kind != "CSV":
            raise Refused("000002", f"Unsupported feature 'file format {kind}'.", "0A000", 0, -1)
        check_known(options, DEFAULTS, "of file format CSV")
        self.options = {**DEFAULTS, **options}
        if str(self.options["ENCODING"]).upper() not in ("UTF8", "UTF-8"):
            raise Refused("000002", f"Unsupported feature 'encoding {self.options['ENCODING']}'.", "0A000", 0, -1)
        self.skip = int(self.options["SKIP_HEADER"])
        self.delimiter = self._sign("FIELD_DELIMITER")
        self.quote = self._sign("FIELD_OPTIONALLY_ENCLOSED_BY")
        null_if = self.options["NULL_IF"]
        self.null_if = null_if if isinstance(null_if, list) else [null_if]
        self.unescapes = self._sign("ESCAPE_UNENCLOSED_FIELD") == "\\"
        for name in ("ERROR_ON_COLUMN_COUNT_MISMATCH", "MULTI_LINE", "TRIM_SPACE", "SKIP_BLANK_LINES", "PARSE_HEADER"):
            truth(self.options, name)

    def _sign(self, name):
        value = self.options[name]
        if str(value).upper() == "NONE":
            return None
        if len(value) != 1:
            raise invalid(f"invalid value [{value}] for parameter '{name}'")
        return value

    def time_format(self, name):
        """The strptime format of DATE_FORMAT or TIMESTAMP_FORMAT, or None for AUTO."""
        text = str(self.options[name])
        if text.upper() == "AUTO":
            return None
        for word, code in STRPTIME:
            text = text.replace(word, code)
        return text

    def unpack(self, source, target, file):
        """The text of a file that may be compressed."""
        how = str(self.options["COMPRESSION"]).upper()
        if how == "AUTO":
            how = "GZIP" if file.endswith(".gz") else "NONE"
        if how not in ("GZIP", "NONE"):
            raise Refused("000002", f"Unsupported feature 'compression {how}'.", "0A000", 0, -1)
        try:
            with gzip.open(source) if how == "GZIP" else open(source, "rb") as stream, open(target, "wb") as out:
                shutil.copyfileobj(stream, out, 1 << 20)
        except (EOFError, OSError, zlib.error) as error:
            raise Refused("100298", f"Invalid data encountered during decompression for file: '{file}',compression type used: 'GZIP', "
                          f"cause: '{error}'", "22000") from None

    def read(self, path, file, table, n_columns):
        """A file as a table of text columns c0, c1, ...; None where an empty field stands for no value."""
        names = [f"c{i}" for i in range(n_columns)]
        if not path.stat().st_size:
            return pyarrow.table({name: pyarrow.array([], pyarrow.string()) for name in names})
        try:
            return pyarrow.csv.read_csv(
                path, pyarrow.csv.ReadOptions(column_names=names, skip_rows=self.skip, block_size=1 << 24),
                pyarrow.csv.ParseOptions(delimiter=self.delimiter, quote_char=self.quote or False, double_quote=True,
                                         newlines_in_values=bool(self.quote), ignore_empty_lines=False),
                pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string()), strings_can_be_null=True,
                                           quoted_strings_can_be_null=False,
                                           null_values=[""] if truth(self.options, "EMPTY_FIELD_AS_NULL") else []))
        except pyarrow.ArrowInvalid as error:
            if "Empty CSV file" in str(error):
                return pyarrow.table({name: pyarrow.array([], pyarrow.string()) for name in names})
            raise self._fault(path, file, table, n_columns, str(error)) from None

    def _fault(self, path, file, table, n_columns, words):
        """What is wrong with a file that is no such table: the first row of another width, or bytes that are no text."""
        if "UTF8" in words or "utf-8" in words.lower():
            return load_error("100144", "Invalid UTF8 detected in string", file, 1, 1, table)
        with open(path, newline="", encoding="utf-8", errors="replace") as text:
            quoting = {"quotechar": self.quote} if self.quote else {"quoting": csv.QUOTE_NONE}
            rows = csv.reader(text, delimiter=self.delimiter, **quoting)
            start = 1
            for number, row in enumerate(rows, 1):
                if number > self.skip and len(row) != n_columns:
                    return load_error("100080", f"Number of columns in file ({len(row)}) does not match that of the corresponding table "
                                      f"({n_columns}), use file format option error_on_column_count_mismatch=false to ignore this error",
                                      file, start, number - self.skip, table)
                start = rows.line_num + 1
        return load_error("100080", re.sub(r"\s+", " ", words), file, 1, 1, table)


def load_error(code, what, file, line, row, table, column=None, state="22000"):
    """An error in a file, as the service words it."""
    place = f'"{table}"' + (f'["{column[0]}":{column[1]}]' if column else "")
    return Refused(code, f"{what}\n  File '{file}', line {line}, character 1\n  Row {row}, column {place}\n  If you would like to continue "
                   "loading when an error is encountered, use other values such as 'SKIP_FILE' or 'CONTINUE' for the ON_ERROR option. For "
                   "more information on loading options, please run 'info loading_data' in a SQL client.", state)
