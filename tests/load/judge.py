"""Whether the database holds what the clients were told, by plain SQL: nothing absent, nothing doubled."""

from collections import Counter

from sqlalchemy import Connection, create_engine, text

from load.ledger import Ledger

_SHOWN = 5
_TABLES = ("receipt", "history", "feed")


def faults(database: str, ledger: Ledger) -> list[str]:
    """Everything that is wrong; empty where every acknowledged write is there once, and no other."""
    engine = create_engine(database)
    try:
        with engine.connect() as connection:
            found = [fault for table in _TABLES for fault in _of_table(connection, table, ledger)]
            return found + _of_records(connection, ledger)
    finally:
        engine.dispose()


def _of_table(connection: Connection, table: str, ledger: Ledger) -> list[str]:
    of_students = "" if table == "receipt" else " WHERE entity = 'student'"
    rows = connection.execute(text(f"SELECT op_id FROM {table}{of_students}"))
    counts = Counter(str(row.op_id) for row in rows)
    acknowledged = ledger.acknowledged.keys()
    absent = acknowledged - counts.keys()
    doubled = [op for op, count in counts.items() if count > 1]
    never_told = counts.keys() - acknowledged - ledger.given_up
    found = []
    for what, ops in (("absent", absent), ("doubled", doubled), ("there and never acknowledged", never_told)):
        if ops:
            found.append(f"{table}: {len(ops)} operations are {what}, as {sorted(ops)[:_SHOWN]}")
    return found


def _of_records(connection: Connection, ledger: Ledger) -> list[str]:
    """A record's version says how many writes it took: as many as were acknowledged for it."""
    versions = {
        str(row.id): int(row.version) for row in connection.execute(text("SELECT id, version FROM student"))
    }
    told = Counter(ledger.acknowledged.values())
    wrong = [
        f"{record}: version {versions.get(record)} after {told[record]} acknowledged writes"
        for record in told.keys() | versions.keys()
        if versions.get(record) != told[record]
    ]
    return wrong[:_SHOWN] if not ledger.given_up else []
