"""What a report is made of: read page by page, told how far it is, encoded at the end."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from rollbook.contract.jobs import ReportName
from rollbook.domain.scope import Act, Scope
from rollbook.server.database import Database
from rollbook.server.problems import ProblemError
from rollbook.server.tables import student

_PAGE_ROWS = 500
_ROLL_FIELDS = ("student_number", "family_name", "given_name", "grade_level", "homeroom", "phone", "email")
_PHONE = re.compile(r"\+[0-9 ()./-]+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Step = Callable[[int, int], None]
"""Told (done, total) between pages; raises where the work is to end."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is made for: one school, with the scopes of who asked."""

    school_id: str
    scopes: frozenset[Scope]
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it."""

    content: bytes = field(repr=False)
    media_type: str
    file_name: str


@dataclass(frozen=True, slots=True)
class ReportKind:
    """``reads`` names the entity that one must be allowed to read; ``takes`` the parameters."""

    reads: str
    takes: tuple[str, ...]
    make: Callable[[Database, Asked, Step], Report]


def _roll(database: Database, asked: Asked, step: Step) -> Report:
    """All students that are not archived, by class and name, as a table that spreadsheets open."""
    narrowed = _narrowed(asked)
    total = database.read(
        lambda connection: int(
            connection.execute(select(func.count()).select_from(student).where(narrowed)).scalar_one()
        )
    )
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(name.replace("_", " ").capitalize() for name in _ROLL_FIELDS)
    done = 0
    for page in _pages(database, narrowed):
        covered = [row for row in page if _covered(asked, row)]
        writer.writerows([_cell(row[name]) for name in _ROLL_FIELDS] for row in covered)
        done += len(page)
        step(done, max(total, done))
    # The mark at the start tells spreadsheets that it is UTF-8.
    return Report(b"\xef\xbb\xbf" + text.getvalue().encode(), "text/csv; charset=utf-8", "roll.csv")


def _narrowed(asked: Asked) -> ColumnElement[bool]:
    mine = and_(student.c.school_id == asked.school_id, student.c.deleted_at.is_(None))
    homeroom = asked.parameters.get("homeroom")
    return mine if homeroom is None else and_(mine, student.c.homeroom == homeroom)


def _pages(database: Database, narrowed: ColumnElement[bool]) -> Iterator[list[Mapping[str, Any]]]:
    """Each in a transaction of its own: a long report holds up nobody's write."""
    order = (
        func.coalesce(student.c.homeroom, ""),
        func.coalesce(student.c.family_name, ""),
        func.coalesce(student.c.given_name, ""),
        student.c.id,
    )
    query = select(student.c.id).where(narrowed).order_by(*order)
    ids = database.read(lambda connection: list(connection.execute(query).scalars()))
    for start in range(0, len(ids), _PAGE_ROWS):
        some = ids[start : start + _PAGE_ROWS]
        rows = database.read(partial(_rows, ids=some))
        yield [rows[each] for each in some if each in rows]


def _rows(connection: Connection, ids: list[str]) -> dict[str, Mapping[str, Any]]:
    found = connection.execute(select(student).where(student.c.id.in_(ids))).mappings()
    return {row["id"]: dict(row) for row in found}


def _covered(asked: Asked, row: Mapping[str, Any]) -> bool:
    return any(
        scope.covers(row["id"], row)
        for scope in asked.scopes
        if scope.act is Act.READ and scope.entity == "student"
    )


def _cell(value: Any) -> str:
    """A value as text; one that a spreadsheet would run as a formula is made plain by an apostrophe.

    An import takes that away again; a phone number is no formula.
    """
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _PHONE.fullmatch(text) else text


KINDS: Mapping[str, ReportKind] = {ReportName.ROLL: ReportKind("student", ("homeroom",), _roll)}


def check_parameters(kind: ReportKind, parameters: Mapping[str, str]) -> None:
    """Raise :class:`ProblemError` ``validation-failed`` for a parameter that the report does not take."""
    if set(parameters) - set(kind.takes):
        raise ProblemError("validation-failed", f"This report takes: {', '.join(kind.takes)}.")
