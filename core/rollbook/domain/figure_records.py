"""The records that figures are reckoned from, asked for in sets; alike at the server and on a desk (D1, D2).

A record may name a student or a class by an id that means another (S16, D4). What is gathered here names
each by the one id that is meant, and holds each register and each result once.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rollbook.domain.entity import Values

Records = dict[str, dict[str, Any]]
"""Values by record id."""

_NAMES = {"student_id": "student", "section_id": "section", "line_item_id": "line_item"}


class Reading(Protocol):
    """Where records are read: live ones alone, each question one statement however many it asks about."""

    def among(self, entity: str, field: str, values: Collection[str]) -> Records:
        """Those that have one of the values in the field, or as their ``id``."""

    def every(self, entity: str) -> Records:
        """All of the entity."""

    def meant(self, entity: str, ids: Collection[str]) -> dict[str, str]:
        """The id that is meant, by each of ``ids`` that means another."""

    def names_of(self, entity: str, ids: Collection[str]) -> set[str]:
        """All ids under which those records may be named."""


@dataclass(frozen=True, slots=True)
class AttendanceRecords:
    """Records of registers; ``codes`` are all of the school."""

    enrolments: list[Values]
    taken: list[Values]
    marks: list[Values]
    codes: list[Values]


@dataclass(frozen=True, slots=True)
class GradeRecords:
    """Records of grades; all but the results by id, the scales all of the school."""

    sections: Mapping[str, Values]
    line_items: Mapping[str, Values]
    categories: Mapping[str, Values]
    results: list[Values]
    scales: Mapping[str, Values]


def attendance_of_students(reading: Reading, student_ids: Collection[str]) -> AttendanceRecords:
    """All that their attendance is reckoned from."""
    enrolments = _naming(reading, "section_enrolment", "student_id", student_ids)
    marks = _naming(reading, "attendance_mark", "student_id", student_ids)
    sections = {each["section_id"] for each in (*enrolments, *marks)}
    taken = _naming(reading, "register_taken", "section_id", sections)
    return AttendanceRecords(enrolments, taken, marks, list(reading.every("attendance_code").values()))


def attendance_of_section(reading: Reading, section_id: str) -> AttendanceRecords:
    """All that the attendance in one class is reckoned from."""
    enrolments, taken, marks = (
        _naming(reading, entity, "section_id", [section_id])
        for entity in ("section_enrolment", "register_taken", "attendance_mark")
    )
    return AttendanceRecords(enrolments, taken, marks, list(reading.every("attendance_code").values()))


def grades_of_students(reading: Reading, student_ids: Collection[str]) -> GradeRecords:
    """All that the averages of students are reckoned from, in each class in which they have results."""
    results = _naming(reading, "result", "student_id", student_ids)
    wanted = {each["line_item_id"] for each in results}
    return _grades(reading, reading.among("line_item", "id", wanted), results)


def grades_of_sections(reading: Reading, section_ids: Collection[str]) -> GradeRecords:
    """All that the averages in those classes are reckoned from."""
    names = reading.names_of("section", section_ids)
    line_items = reading.among("line_item", "section_id", names)
    results = _naming(reading, "result", "line_item_id", line_items.keys())
    return _grades(reading, line_items, results)


def inside_of(reading: Reading, section_ids: Collection[str]) -> list[Values]:
    """The ``section_enrolment`` records of those classes."""
    return _naming(reading, "section_enrolment", "section_id", section_ids)


def stays_of(reading: Reading, student_ids: Collection[str]) -> list[Values]:
    """The ``enrolment`` records of those students."""
    return _naming(reading, "enrolment", "student_id", student_ids)


def _grades(reading: Reading, line_items: Records, results: list[Values]) -> GradeRecords:
    items = _by_id(line_items, _as_meant(reading, line_items))
    wanted = {each["section_id"] for each in items.values()}
    sections = reading.among("section", "id", wanted)
    categories = reading.among("category", "section_id", reading.names_of("section", wanted))
    own = _by_id(categories, _as_meant(reading, categories))
    return GradeRecords(sections, items, own, results, reading.every("grade_scale"))


def _naming(reading: Reading, entity: str, field: str, ids: Collection[str]) -> list[Values]:
    """The records whose ``field`` names one of ``ids``, under whichever of its names, each once."""
    found = reading.among(entity, field, reading.names_of(_NAMES[field], ids))
    return list(_once(_as_meant(reading, found)))


def _as_meant(reading: Reading, records: Records) -> list[tuple[bool, dict[str, Any]]]:
    """Each record under the ids that are meant, and whether it had them itself; in the order of their ids."""
    found = [(record_id, dict(values)) for record_id, values in sorted(records.items())]
    itself = dict.fromkeys(records, True)
    for field, entity in _NAMES.items():
        named = {values[field] for _id, values in found if values.get(field)}
        known = reading.meant(entity, named) if named else {}
        for record_id, values in found if known else ():
            if values.get(field) in known:
                values[field] = known[values[field]]
                itself[record_id] = False
    return [(itself[record_id], values) for record_id, values in found]


def _once(found: Iterable[tuple[bool, dict[str, Any]]]) -> Iterable[Values]:
    """Of records about one and the same thing, the one that named it by the ids themselves."""
    kept: dict[tuple[Any, ...], Values] = {}
    for _itself, values in sorted(found, key=lambda each: each[0]):
        about = [values.get(name) for name in (*_NAMES, "date", "period", "begin_date", "entry_date")]
        kept[tuple(about)] = values
    return kept.values()


def _by_id(records: Records, meant: list[tuple[bool, dict[str, Any]]]) -> Records:
    return {record_id: values for record_id, (_itself, values) in zip(sorted(records), meant, strict=True)}
