"""A row of a package's file as drafts of records, the records that they name still by the package's ids."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rollbook.domain.canonical import UnfitError, canonical_value
from rollbook.domain.entity import FieldSpec, FieldType, RuleBreach
from rollbook.domain.registry import ENTITIES
from rollbook.exchange.dates import Order, find_order
from rollbook.exchange.outcomes import FileWarning
from rollbook.exchange.package.layout import FILLED, Format, Layout, UsedBy, of_user
from rollbook.exchange.package.manifest import OURS
from rollbook.exchange.package.sheet import Sheet, key_of
from rollbook.exchange.package.whose import People, Schools
from rollbook.exchange.row_reading import ReadRow, problem_of
from rollbook.exchange.table import Row
from rollbook.exchange.values import CellError, CellValue, read_cell

_DELETED = frozenset({"tobedeleted", "deleted"})
_INACTIVE = frozenset({"inactive", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Link:
    """A record that a row names: by the package's id, in a column."""

    sourced_id: str
    heading: str


@dataclass(slots=True)
class Draft:
    """A record to be. ``read`` are the values that need nothing else; ``links`` the records that it names."""

    read: ReadRow
    sourced_id: str = ""
    links: dict[str, Link] = field(default_factory=dict)
    deleted: bool = False


class DraftReader:
    """Reads one file by one layout. What was accepted though it was spelled otherwise is counted."""

    def __init__(
        self,
        layout: Layout,
        sheet: Sheet,
        form: Format,
        schools: Schools,
        people: People,
        uses: Mapping[str, Sequence[str]],
    ) -> None:
        self.layout = layout
        self.sheet = sheet
        self.entity = ENTITIES[layout.entity]
        self.taken: set[int] = set()
        self.warnings: list[FileWarning] = []
        self._exact = form.source_system == OURS  # what we wrote means what it says, “-” and “NULL” too
        self.source_system = form.source_system
        self._uses = uses
        self._schools = schools
        self._people = people
        self._other_case: dict[str, int] = {}
        columns = [
            (heading, self.entity.field(name)) for heading, name in layout.columns if sheet.has(heading)
        ]
        self._columns = [
            (heading, spec) for heading, spec in columns if spec and not self._shared(heading, spec)
        ]
        self._orders = {
            heading: self._order(heading, form)
            for heading, spec in self._columns
            if spec.type is FieldType.DATE
        }

    def drafts(self) -> Iterator[Draft]:
        """The drafts of all rows that this layout means; those that are left out say why."""
        for row in self.sheet.rows:
            if self._is_meant(row):
                self.taken.add(row.number)
                yield from self._of_row(row)
        for words, number in self._other_case.items():
            self.warnings.append(
                FileWarning(
                    "letter-case", f"{self.sheet.file}: {words} in {number:,} rows; it was understood."
                )
            )

    def _is_meant(self, row: Row) -> bool:
        layout, sheet = self.layout, self.sheet
        if layout.needs and not sheet.cell(row, layout.needs):
            return False
        if layout.embedded and not sheet.cell(row, layout.key[0]):
            return False
        if layout.each_of and not sheet.cell(row, layout.each_of):
            return False
        return not layout.roles or self._role(row) in layout.roles

    def _role(self, row: Row) -> str:
        if self.sheet.has("role"):
            return key_of(self.sheet.cell(row, "role"))
        return self._people.role_of(self.sheet.cell(row, "sourcedId"))

    def _of_row(self, row: Row) -> Iterator[Draft]:
        read = ReadRow(row.number)
        filled = frozenset(self.sheet.ids(row, FILLED))
        read.left_out = self._reason_to_leave_out(row, filled)
        draft = Draft(read, deleted=self._status(row) in _DELETED and not self.layout.embedded)
        if not read.left_out:
            for heading, spec in self._columns:
                if heading not in filled:
                    self._read_cell(row, heading, spec, draft)
            self._add_school(row, read)
        self._add_key(row, draft)
        read.values.update(self.layout.given)
        if self.layout.each_of:
            yield from self._for_each(row, draft)
        elif self.layout.used_by and self.layout.used_by.field not in draft.links and not read.left_out:
            yield from self._for_users(draft, self.layout.used_by)
        else:
            yield draft

    def _for_users(self, draft: Draft, used_by: UsedBy) -> Iterator[Draft]:
        """A draft for each that uses it."""
        users = self._uses.get(draft.sourced_id, ())
        for user in users:
            sourced_id = of_user(draft.sourced_id, user)
            values = draft.read.values | {"sourced_id": sourced_id}
            read = dataclasses.replace(draft.read, values=values)
            link = Link(user, self.sheet.spelled(self.layout.key[0]))
            yield Draft(read, sourced_id, {**draft.links, used_by.field: link}, draft.deleted)
        if not users:
            draft.read.left_out = f"nothing in {used_by.file} uses it"
            yield draft

    def _for_each(self, row: Row, draft: Draft) -> Iterator[Draft]:
        """A draft for each id in the cell that holds several."""
        name = next(field for heading, field in self.layout.columns if heading == self.layout.each_of)
        for sourced_id in self.sheet.ids(row, self.layout.each_of):
            read = dataclasses.replace(
                draft.read,
                values=dict(draft.read.values),
                notes=[],
                reported=[],
                problems=list(draft.read.problems),
            )
            links = {**draft.links, name: Link(sourced_id, self.sheet.spelled(self.layout.each_of))}
            one = Draft(read, links=links, deleted=draft.deleted)
            if self.layout.role_gives:
                person, given = self.layout.role_gives
                role = self._people.role_of(links[person].sourced_id) if person in links else ""
                spec = self.entity.field(given)
                if spec is not None and role in spec.choices:
                    read.values[given] = role
            yield one

    def _read_cell(self, row: Row, heading: str, spec: FieldSpec, draft: Draft) -> None:
        read = draft.read
        if spec.name in read.values or spec.name in draft.links:
            return
        if spec.type is FieldType.REFERENCE:
            self._read_link(row, heading, spec, draft)
            return
        try:
            cell = self._value(spec, row, heading)
        except CellError as error:
            read.problems.append(problem_of(row.number, self.sheet.spelled(heading), error.breach))
            return
        if cell.note:
            read.notes.append(f"{heading}: {cell.note}")
        if cell.value is None:
            read.empty.append(spec.name)
        else:
            read.values[spec.name] = cell.value

    def _value(self, spec: FieldSpec, row: Row, heading: str) -> CellValue:
        text = self._in_our_words(spec, self.sheet.cell(row, heading))
        return self._read(spec, text, self._orders.get(heading, Order.DAY_FIRST))

    def _read(self, spec: FieldSpec, text: str, order: Order) -> CellValue:
        if self._exact:
            try:
                return CellValue(canonical_value(spec, text or None))
            except UnfitError as unfit:
                raise CellError(unfit.breach) from None
        return read_cell(spec, text, order)

    def _read_link(self, row: Row, heading: str, spec: FieldSpec, draft: Draft) -> None:
        ids = self.sheet.ids(row, heading)
        ids = tuple(each for each in ids if each not in ("NULL", "null"))
        if not ids:
            draft.read.empty.append(spec.name)
            return
        draft.links[spec.name] = Link(ids[0], self.sheet.spelled(heading))
        if len(ids) > 1 and heading != self.layout.each_of:
            draft.read.notes.append(f"{heading}: of {len(ids)} only the first is kept, {ids[0]}.")

    def _in_our_words(self, spec: FieldSpec, cell: str) -> str:
        words = self.layout.words.get(spec.name) or {word: word for word in spec.choices}
        if not cell or not words or spec.name == "sex" or cell in words:
            return words.get(cell, cell) if words else cell
        by_key = {key_of(word): word for word in words}
        right = by_key.get(key_of(cell))
        if right is None:
            if cell in ("NULL", "null"):
                return cell
            raise CellError(
                RuleBreach(
                    spec.name, "not-a-choice", f"“{cell}” is not known here.", f"Use {', '.join(words)}."
                )
            )
        said = f"“{cell}” for “{right}”"
        self._other_case[said] = self._other_case.get(said, 0) + 1
        return words[right]

    def _add_key(self, row: Row, draft: Draft) -> None:
        if not self.layout.key:
            return
        parts = [self.sheet.cell(row, heading) for heading in self.layout.key]
        draft.sourced_id = " ".join(part for part in parts if part)
        heading = self.sheet.spelled(self.layout.key[0])
        spec = self.entity.field("sourced_id")
        if spec is None or draft.read.left_out:
            return
        try:
            value = self._read(spec, draft.sourced_id, Order.DAY_FIRST).value
        except CellError as error:
            draft.read.problems.append(problem_of(row.number, heading, error.breach))
            return
        if value is None:
            breach = RuleBreach(
                "sourced_id", "required", "This is needed.", "Give each row an id of its own."
            )
            draft.read.problems.append(problem_of(row.number, heading, breach))
            return
        draft.sourced_id = str(value)
        draft.read.values |= {"source_system": self.source_system, "sourced_id": str(value)}

    def _add_school(self, row: Row, read: ReadRow) -> None:
        if self.layout.each_of or self.layout.embedded:
            return
        self._schools.note(self.sheet, row)
        nowhere = self._schools.nowhere(self.sheet, row)
        if nowhere is not None:
            heading, sourced_id = nowhere
            breach = RuleBreach(
                "",
                "reference-nowhere",
                f"The school “{sourced_id}” is not among the package's schools.",
                "The row goes to your school.",
            )
            read.reported.append(problem_of(row.number, self.sheet.spelled(heading), breach))

    def _status(self, row: Row) -> str:
        return key_of(self.sheet.cell(row, "status"))

    def _reason_to_leave_out(self, row: Row, filled: frozenset[str]) -> str:
        if "*" in filled:
            return "stands for what is not known"
        school = self._schools.elsewhere(self.sheet, row)
        if not school and self.layout.key and not self.sheet.has("role"):
            school = self._people.elsewhere(self.sheet.cell(row, self.layout.key[0]))
        if school:
            return f"of another school ({school})"
        if self._status(row) in _INACTIVE:
            return f"not active in the file ({self.sheet.cell(row, 'status')})"
        return ""

    def _shared(self, heading: str, spec: FieldSpec) -> bool:
        """Whether the column of personal ids says the same in every row: some files have the state's name."""
        if spec.name != "national_id" or self._exact:
            return False
        given = [cell for row in self.sheet.rows if (cell := self.sheet.cell(row, heading))]
        shared = len(given) > 1 and len(set(given)) == 1
        if shared:
            self.warnings.append(
                FileWarning(
                    "not-personal",
                    f"{self.sheet.file}: the column “{heading}” has the same value in every row, so it is no "
                    "one's own id.",
                    "It was left out.",
                )
            )
        return shared

    def _order(self, heading: str, form: Format) -> Order:
        default = Order.MONTH_FIRST if form.month_first else Order.DAY_FIRST
        cells = (self.sheet.cell(row, heading) for row in self.sheet.rows)
        found = find_order(cells, default, sure=form.month_first)
        if found.warning:
            self.warnings.append(FileWarning("date-order", f"{self.sheet.file}, {heading}: {found.warning}"))
        return found.order
