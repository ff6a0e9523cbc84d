"""The school year that follows: the one that is there, or a new one with the old one's terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollbook.client.edit_checks import canonical
from rollbook.client.turnover.school_now import Row, SchoolNow, refused
from rollbook.client.turnover.values import TurnOver, YearToCome
from rollbook.client.values import Edit
from rollbook.domain.calendar import ACADEMIC_SESSION
from rollbook.domain.ids import natural_id
from rollbook.domain.school_years import days_between, days_later, next_title, year_later


@dataclass(frozen=True, slots=True)
class NewYear:
    """The year to come. ``sessions`` maps each of the old year's parts to that of the new one.

    ``last_day`` is that of the old year.
    """

    year: YearToCome
    last_day: str
    sessions: Mapping[str, str]
    edits: tuple[Edit, ...]


def old_year(now: SchoolNow, asked: TurnOver) -> Row:
    """The year that ends. Raises :class:`RefusedEntryError`."""
    found = now.year(asked.from_year, "from")
    if found is None:
        raise refused("from", "not-found", f"There is no school year “{asked.from_year}” here.", _KNOWN)
    return found


def new_year(now: SchoolNow, asked: TurnOver, old: Row) -> NewYear:
    """The year that begins. Raises :class:`RefusedEntryError`, also where it does not follow the old one."""
    there = now.year(asked.to_year, "to")
    made = _made(now, asked, old) if there is None else _found(now, there, old)
    if made.year.starts <= old["end_date"]:
        raise refused(
            "to",
            "before-its-beginning",
            f"“{made.year.title}” begins on {made.year.starts}, before “{old['title']}” has ended.",
            f"Choose a year that begins after {old['end_date']}.",
        )
    return made


def _found(now: SchoolNow, there: Row, old: Row) -> NewYear:
    """A year that is here. Where it has no terms yet it gets those of the old one."""
    year = YearToCome(there["id"], there["title"], there["start_date"], there["end_date"], is_new=False)
    parts = now.within(there["id"])
    if len(parts) > 1:
        made = _sessions(now, year, old)
        known = {each: new if new in parts else year.id for each, new in made.items()}
        return NewYear(year, old["end_date"], known, ())
    return _with_terms(now, year, old, [])


def _made(now: SchoolNow, asked: TurnOver, old: Row) -> NewYear:
    year_id = natural_id("academic_session", now.school_id, "after", old["id"])
    if year_id in now.years:
        title = now.years[year_id]["title"]
        raise refused(
            "to", "there-already", f"The year after “{old['title']}” is here as “{title}”.", "Name it so."
        )
    days = canonical(ACADEMIC_SESSION, {"start_date": asked.starts, "end_date": asked.ends})
    starts = days["start_date"] or year_later(old["start_date"])
    ends = days["end_date"] or _moved(old["end_date"], old, starts)
    if ends < starts:
        raise refused(
            "ends", "before-its-beginning", "The new year would end before it begins.", "Give both days."
        )
    year = YearToCome(year_id, asked.to_year.strip(), starts, ends, is_new=True)
    values = {"title": year.title, "type": "school_year", "start_date": starts, "end_date": ends}
    return _with_terms(now, year, old, [Edit("academic_session", year_id, values, anew=True)])


def _with_terms(now: SchoolNow, year: YearToCome, old: Row, edits: list[Edit]) -> NewYear:
    parts = now.within(old["id"])
    sessions = _sessions(now, year, old)
    for each, row in parts.items():
        if each != old["id"]:
            edits.append(Edit("academic_session", sessions[each], _term(row, old, year, sessions), anew=True))
    made = YearToCome(year.id, year.title, year.starts, year.ends, year.is_new, terms=len(parts) - 1)
    return NewYear(made, old["end_date"], sessions, tuple(edits))


def _sessions(now: SchoolNow, year: YearToCome, old: Row) -> dict[str, str]:
    """The ids that the parts of the new year have where a turn-over makes them, by those of the old year."""
    return {
        each: year.id if each == old["id"] else natural_id("academic_session", now.school_id, year.id, each)
        for each in now.within(old["id"])
    }


def _term(row: Row, old: Row, year: YearToCome, sessions: Mapping[str, str]) -> dict[str, Any]:
    """A term or a period a year later, within the new year; it is not locked."""
    values = {
        "title": next_title(row["title"]),
        "type": row["type"],
        "parent_id": sessions[row["parent_id"]],
    }
    for name in ("start_date", "end_date"):
        values[name] = min(max(_moved(row[name], old, year.starts), year.starts), year.ends)
    for name in ("entry_opens", "entry_closes"):
        if row[name] is not None:
            values[name] = _moved(row[name], old, year.starts)
    return values


def _moved(day: str, old: Row, starts: str) -> str:
    """A day of the old year as one of the year that begins on ``starts``."""
    return days_later(year_later(day), days_between(year_later(old["start_date"]), starts))


_KNOWN = "See those that are here: rollbookctl year list"
