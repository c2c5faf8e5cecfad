# SPDX-License-Identifier: Apache-2.0
"""Rows for benchmarks: written into a closed database by SQL, with the tables as the store made them.

Everything follows from a row's number, so that two runs measure the same rows:

  persons  no and user id count up; cards are spread over 32 bits; two doors each
  records  three seconds apart, 500 in one second once in 100,000; 16 doors; 1,000 cards that come
           equally often; one in 32 failed, one in 16 by command under the one user id 101
"""
import sqlite3

RECORDS_BEGIN_MS = 1_700_000_000_000
CARDS = 1000  # different ones among the records
DOORS = 16
DAY_MS = 86_400_000

# A bijection of 32 bits, so that numbers are spread and never equal.
CARD_OF = "(({no}) * 2654435761 & 4294967295)"
# A mix of a number, for what should look random.
MIX = "((({no}) * 2654435761 >> 7) & 16777215)"


def open_database(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -262144")
    db.execute("PRAGMA temp_store = FILE")
    return db


def indexes_of(db, tables):
    marks = ",".join("?" * len(tables))
    return db.execute(f"SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL"
                      f" AND tbl_name IN ({marks})", tables).fetchall()


def without_indexes(db, tables, work):
    """Runs work with the tables' indexes taken away, and makes them again from their own text."""
    indexes = indexes_of(db, tables)
    db.execute("BEGIN")
    for name, _ in indexes:
        db.execute(f"DROP INDEX {name}")
    work()
    for _, text in indexes:
        db.execute(text)
    db.execute("COMMIT")


def counters_put(db, **values):
    for name, value in values.items():
        db.execute("UPDATE counter SET value = ? WHERE name = ?", (value, name))


def persons_add(db, count):
    numbers = (f"WITH RECURSIVE n(no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM n WHERE no < {count})")
    card = CARD_OF.format(no="no")

    def work():
        db.execute(f"{numbers} INSERT INTO person SELECT no, 'U' || no, 'Person ' || no, 0, 1, 0, 0,"
                   " 4294967295, -9223372036854775808, 9223372036854775807, '', '', '' FROM n")
        db.execute(f"{numbers} INSERT INTO credential_card SELECT no, {card} || '', {card} || '', 0,"
                   " 0, 4294967295 FROM n")
        db.execute(f"{numbers} INSERT INTO access_rule SELECT no, p.i, p.i, NULL FROM n,"
                   " (SELECT 0 AS i UNION SELECT 1) AS p")
        db.execute("INSERT INTO person_block SELECT no / 1024, count(*) FROM person GROUP BY no / 1024")
        counters_put(db, person_no=count, persons=count)

    without_indexes(db, ("person", "credential_card", "access_rule"), work)


def records_add(db, count):
    """Records 1 to count, and nothing else in the journal."""
    numbers = (f"WITH RECURSIVE n(no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM n WHERE no < {count})")
    mix = MIX.format(no="no")
    utc = f"({RECORDS_BEGIN_MS} + (no - no % 100000 * (no % 100000 < 500)) * 3000)"
    command = f"({mix} % 16 = 0)"
    failed = f"({mix} / 16 % 32 = 0)"
    person = f"({mix} / 512 % {CARDS} + 1)"
    card = CARD_OF.format(no=person)

    def work():
        db.execute(
            f"{numbers} INSERT INTO journal SELECT no, no, 0, iif({command}, 1, 0), {utc},"
            f" no * 3000000000, 1, 0, 0, no % {DOORS}, iif({command}, 0, no % {DOORS} + 1), 0,"
            f" iif({command}, 4, 1), iif({failed}, 8, 0), iif({failed}, 0, 1), 0,"
            f" iif({command}, 'Remote', ''), iif({command}, 'admin', '') FROM n")
        db.execute(
            f"{numbers} INSERT INTO record_person SELECT no, no, {utc}, randomblob(16),"
            f" iif({command}, '101', 'U' || {person}), iif({command}, '', 'Person ' || {person}),"
            f" iif({command}, '', {card} || ''), iif({command}, '', {card} || ''),"
            f" iif({command}, NULL, 0), iif({command}, NULL, {card}), iif({command}, NULL, 34),"
            " '', '', NULL, NULL, NULL, NULL, NULL, NULL, '', '', '', '', '', '', '' FROM n")
        counters_put(db, seq=count, rec_no=count, totals=0)

    without_indexes(db, ("journal", "record_person"), work)
