"""A school's records as the rows of OneRoster 1.2 (D11, D13), by the same layouts that read them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from rollbook.domain.entity import FieldType, Values
from rollbook.domain.ids import natural_id
from rollbook.domain.registry import ENTITIES
from rollbook.exchange.package import oneroster_layouts as layouts
from rollbook.exchange.package.export_ids import ExportIds, Records, usable
from rollbook.exchange.package.layout import FILLED, Layout
from rollbook.exchange.package.oneroster_headings import headings_of
from rollbook.exchange.package.sorted_rows import SortedRows

_NONE_FROM, _NONE_TO = "2000-01-01", "2099-12-31"
_RELATIVES = frozenset({"grandparent", "aunt", "uncle", "sibling", "relative"})


@dataclass(slots=True)
class _Cells:
    """A row's cells by heading; what is filled only because the standard wants something is noted."""

    cells: dict[str, str]
    filled: list[str] = field(default_factory=list)

    def need(self, heading: str, stand_in: str) -> None:
        """See that the cell holds something."""
        if not self.cells.get(heading):
            self.cells[heading] = stand_in
            self.filled.append(heading)


class OneRosterRows:
    """Writes the rows of all files. ``left_out`` counts records that name what does not go out."""

    def __init__(self, records: Records, rows: SortedRows, school_id: str, school_name: str) -> None:
        self._records, self._rows = records, rows
        self._school_id = school_id
        self._ids = ExportIds(records)
        self._sessions = dict(records("academic_session"))
        self._items: dict[str, tuple[str, str]] = {}
        self._contact_roles: dict[str, str] = {}
        self._placed: set[str] = set()
        self.left_out = 0
        self._add("orgs", _Cells({"sourcedId": school_id, "name": school_name, "type": "school"}))

    def write(self) -> None:
        """All rows of all files."""
        for layout, finish in (
            (layouts.SESSIONS, self._session),
            (layouts.COURSES, self._course),
            (layouts.CLASSES, self._class),
        ):
            self._each(layout, finish)
        self._note_links()
        self._note_spells()
        self._each(layouts.STUDENTS, self._student)
        self._each(layouts.CONTACTS, self._contact)
        self._each(layouts.STAFF, lambda _record_id, values, row: self._user(values, row, "teacher"))
        self._each(layouts.MEMBERS, lambda _record_id, _values, row: self._in_class(row, "student"))
        self._each(layouts.TEACHERS, lambda _record_id, _values, row: self._in_class(row, "teacher"))
        self._each(layouts.CATEGORIES, lambda *_given: True)
        self._each(layouts.LINE_ITEMS, self._line_item)
        self._each(layouts.RESULTS, self._result)

    def _each(self, layout: Layout, finish: Callable[[str, Values, _Cells], bool]) -> None:
        for record_id, values in self._records(layout.entity):
            row = self._cells(layout, record_id, values)
            if row is None or not finish(record_id, values, row):
                self._ids.leave_out(layout.entity, record_id)  # what names it comes later, and is told
                self.left_out += 1
            else:
                self._add(layout.file, row)

    def _cells(self, layout: Layout, record_id: str, values: Values) -> _Cells | None:
        """The cells that the layout gives; ``None`` where the record needs one that does not go out."""
        cells = {"sourcedId": self._id_of(layout.entity, record_id, values)}
        entity = ENTITIES[layout.entity]
        said: set[str] = set()
        for heading, name in layout.columns:
            spec, value = entity.field(name), values.get(name)
            if spec is None or value is None or name in said or not _goes_out(layout.file, heading):
                continue
            said.add(name)
            if spec.type is FieldType.REFERENCE:
                cells[heading] = self._ids.of(spec.refers_to, value)
                if spec.required and not cells[heading]:
                    return None
            else:
                cells[heading] = _their_word(layout, name, str(value))
        return _Cells(cells)

    def _id_of(self, entity: str, record_id: str, values: Values) -> str:
        try:
            return self._ids.of(entity, record_id)
        except KeyError:  # none names it: its own id from elsewhere, or one that follows from what it names
            return usable(values) or self._derived(entity, values)

    def _derived(self, entity: str, values: Values) -> str:
        parts = []
        for name in ENTITIES[entity].natural_keys[0]:
            spec, value = ENTITIES[entity].field(name), str(values.get(name) or "")
            is_reference = spec is not None and spec.type is FieldType.REFERENCE
            parts.append(self._ids.of(spec.refers_to, value) if is_reference and spec else value)
        return natural_id(f"oneroster.{entity}", *parts)

    def _add(self, file: str, row: _Cells) -> None:
        row.cells[FILLED] = ",".join(row.filled)
        self._rows.add(file, [row.cells.get(heading, "") for heading in headings_of(file)])

    def _none(self, file: str, **cells: str) -> str:
        """The id of the row that stands for none, made where it is wanted first."""
        sourced_id = natural_id("oneroster.none", file)
        if file not in self._placed:
            self._placed.add(file)
            self._add(file, _Cells({"sourcedId": sourced_id, "title": "None", **cells}, ["*"]))
        return sourced_id

    def _no_session(self) -> str:
        dates = {"startDate": _NONE_FROM, "endDate": _NONE_TO, "schoolYear": _NONE_TO[:4]}
        return self._none("academicSessions", type="term", **dates)

    # ---- what each kind of row needs besides

    def _session(self, record_id: str, values: Values, row: _Cells) -> bool:
        at, seen = values, {record_id}
        while (parent := str(at.get("parent_id") or "")) in self._sessions and parent not in seen:
            seen.add(parent)
            at = self._sessions[parent]
        row.cells["schoolYear"] = str(at["end_date"])[:4]
        return True

    def _course(self, _record_id: str, values: Values, row: _Cells) -> bool:
        session = self._sessions.get(str(values.get("academic_session_id")))
        if session is None or session.get("type") != "school_year":
            row.cells["schoolYearSourcedId"] = ""
        row.cells["orgSourcedId"] = self._school_id
        return True

    def _class(self, _record_id: str, _values: Values, row: _Cells) -> bool:
        row.cells["schoolSourcedId"] = self._school_id
        if not row.cells.get("courseSourcedId"):
            row.need("courseSourcedId", self._none("courses", orgSourcedId=self._school_id))
        if not row.cells.get("termSourcedIds"):
            row.need("termSourcedIds", self._no_session())
        row.need("classType", "scheduled")
        return True

    def _student(self, record_id: str, values: Values, row: _Cells) -> bool:
        self._user(values, row, "student")
        born = self._cells(layouts.DEMOGRAPHICS, record_id, values)
        if born is not None and len(born.cells) > 1:
            self._add("demographics", born)
        return True

    def _contact(self, record_id: str, values: Values, row: _Cells) -> bool:
        return self._user(values, row, self._contact_roles.get(record_id, "parent"))

    def _user(self, values: Values, row: _Cells, role: str) -> bool:
        sourced_id = row.cells["sourcedId"]
        names = (values.get(each) for each in ("family_name", "given_name", "native_name"))
        name = next(str(each) for each in names if each)
        row.cells |= {"enabledUser": "true", "primaryOrgSourcedId": self._school_id}
        row.need("username", sourced_id)
        row.need("givenName", name)
        row.need("familyName", name)
        row.cells["agentSourcedIds"] = ",".join(self._rows.items("agent", sourced_id))
        spells = [json.loads(spell)[1] for spell in self._rows.items("spell", sourced_id)]
        whole = {"userSourcedId": sourced_id, "role": role, "orgSourcedId": self._school_id}
        for place, spell in enumerate(reversed(spells)):
            self._add("roles", _Cells({**spell, **whole, "roleType": "secondary" if place else "primary"}))
        if not spells:
            only = {"sourcedId": natural_id("oneroster.role", sourced_id), "roleType": "primary"}
            self._add("roles", _Cells({**whole, **only}))
        return True

    def _note_links(self) -> None:
        """Whose contacts are whose, both by their ids in the package; and what each contact is."""
        for _record_id, values in self._records("student_contact"):
            student = self._ids.of("student", values.get("student_id"))
            contact = self._ids.of("contact", values.get("contact_id"))
            if not student or not contact:
                self.left_out += 1
                continue
            self._rows.add_item("agent", student, contact)
            relationship = values.get("relationship")
            role = "relative" if relationship in _RELATIVES else relationship
            if role in ("guardian", "relative"):
                known = self._contact_roles.get(str(values["contact_id"]), role)
                self._contact_roles[str(values["contact_id"])] = min(known, role)

    def _note_spells(self) -> None:
        """The stays of each student at the school, in their order."""
        for record_id, values in self._records("enrolment"):
            row = self._cells(layouts.SPELLS, record_id, values)
            if row is None:
                self.left_out += 1
                continue
            user = row.cells.pop("userSourcedId")
            self._rows.add_item(
                "spell", user, json.dumps([row.cells["beginDate"], row.cells], ensure_ascii=False)
            )

    def _in_class(self, row: _Cells, role: str) -> bool:
        row.cells |= {"schoolSourcedId": self._school_id, "role": role}
        return True

    def _line_item(self, record_id: str, _values: Values, row: _Cells) -> bool:
        row.cells |= {"schoolSourcedId": self._school_id, "resultValueMin": "0"}
        row.need("dueDate", _NONE_FROM)
        row.need("assignDate", row.cells["dueDate"])
        row.need("resultValueMax", "100")
        if not row.cells.get("categorySourcedId"):
            row.need("categorySourcedId", self._none("categories"))
        if not row.cells.get("academicSessionSourcedId"):
            row.need("academicSessionSourcedId", self._no_session())
        self._items[record_id] = row.cells["classSourcedId"], row.cells["dueDate"]
        return True

    def _result(self, _record_id: str, values: Values, row: _Cells) -> bool:
        section, due = self._items[str(values["line_item_id"])]
        row.cells["classSourcedId"] = section
        row.need("scoreStatus", "submitted")
        row.need("score", "0")
        row.need("scoreDate", due)
        return True


def _goes_out(file: str, heading: str) -> bool:
    """Whether OneRoster 1.2 has the heading; one of 1.1 is read only."""
    return heading in headings_of(file)


def _their_word(layout: Layout, name: str, value: str) -> str:
    words = layout.words.get(name)
    return value if words is None else next((theirs for theirs, ours in words.items() if ours == value), "")
