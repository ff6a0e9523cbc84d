"""Student files made by the tests, and plans for them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from rollbook.exchange import (
    ImportPlan,
    Known,
    KnownRecords,
    Outcome,
    RowOutcome,
    Table,
    match_columns,
    plan_import,
    read_table,
)

SDS = Path(__file__).parents[1] / "data" / "sds-v1-100-users" / "Student.csv"
SCHOOL = "0190f5f0-0000-7000-8000-000000000001"


def table_of(text: str, encoding: str = "utf-8", name: str = "students.csv") -> Table:
    """The table of a file with that text."""
    return read_table(text.encode(encoding), name=name)


def plan_of(
    text: str | Table,
    known: Iterable[Known] = (),
    *,
    chosen: Mapping[str, str | None] | None = None,
    schools: Iterable[str] = (),
) -> ImportPlan:
    """The dry run of a file into a school that has the ``known`` records."""
    table = table_of(text) if isinstance(text, str) else text
    mapping = match_columns(table.headers, chosen)
    return plan_import(table, mapping, KnownRecords(known), school_id=SCHOOL, schools=tuple(schools))


def stored(plan: ImportPlan, before: Iterable[Known] = ()) -> list[Known]:
    """The records as they are once the plan has been carried out; new ones without an id get one."""
    records = {known.id: known for known in before}
    for row in plan.to_write():
        record_id = row.record_id or f"made-{row.number}"
        had = records[record_id].values if record_id in records else {}
        records[record_id] = Known(
            record_id, {**had, **{name: change.value for name, change in row.differences.items()}}
        )
    return list(records.values())


def only_row(plan: ImportPlan) -> RowOutcome:
    """The one row of a plan."""
    (row,) = plan.rows
    return row


def values_of(row: RowOutcome) -> dict[str, object]:
    """What a new or changed row would store."""
    assert row.outcome in {Outcome.NEW, Outcome.CHANGED}, row
    return {name: change.value for name, change in row.differences.items()}


def problem_texts(plan: ImportPlan) -> list[tuple[int, str, str]]:
    """(row, column, code) of every problem."""
    return [(item.row, item.column, item.code) for item in plan.problems]
