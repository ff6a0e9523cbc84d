"""The rows of one file and entity, each with what becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rollbook.domain.entity import EntityType, FieldSpec, RuleBreach
from rollbook.domain.words import SOURCE
from rollbook.exchange.deciding import decided, repeated, with_problems
from rollbook.exchange.existing import Known
from rollbook.exchange.matching import Match, find_match, keys_of, unless_archived
from rollbook.exchange.outcomes import FieldDifference, Outcome, RowOutcome
from rollbook.exchange.package.layout import of_user
from rollbook.exchange.package.references import Lost, References
from rollbook.exchange.package.row_drafts import Draft, DraftReader, Link
from rollbook.exchange.row_reading import problem_of


@dataclass(slots=True)
class Claims:
    """What rows of a file have spoken for, with the first row that did."""

    rows: dict[tuple[str, ...], int] = field(default_factory=dict)

    def first(self, key: tuple[str, ...], row: int) -> int:
        """The row that spoke for it first, perhaps this one."""
        return self.rows.setdefault(key, row)


class PartPlanner:
    """Plans the drafts of one layout. ``touched`` gathers the records that the package still has."""

    def __init__(
        self,
        reader: DraftReader,
        references: References,
        claims: Claims,
        told: Claims,
        school_id: str,
        *,
        own: bool,
        staged: dict[str, Known] | None,
    ) -> None:
        self._reader = reader
        self._layout = reader.layout
        self._entity: EntityType = reader.entity
        self._references = references
        self._claims = claims
        self._told = told
        self._numbers = Claims()
        self._parents: dict[str, str] = {}
        self._school_id = school_id
        self._own = own
        self._staged = staged
        self._headings = {name: heading for heading, name in reversed(reader.layout.columns)}
        if reader.layout.key:
            self._headings["sourced_id"] = reader.layout.key[0]
        self.touched: set[str] = set()

    def rows(self) -> Iterator[RowOutcome]:
        """The outcomes in the order of the file, parents before what is part of them."""
        drafts = [draft for draft in self._reader.drafts() if not self._told_before(draft)]
        matches = [self._matched(draft) for draft in drafts]
        self._parents = dict(self._named_of_own_kind(drafts))
        stay = {match.known.id for match in matches if isinstance(match, Match) and match.known is not None}
        for draft, match in zip(drafts, matches, strict=True):
            if not isinstance(match, RowOutcome):
                yield self._decided(draft, match)
            elif match.outcome is Outcome.REMOVED and match.record_id in stay:
                yield RowOutcome(match.number, Outcome.LEFT_OUT, notes=("another row says that it stays",))
            else:
                yield match

    def _told_before(self, draft: Draft) -> bool:
        """Whether an embedded record was told in an earlier row."""
        key = ("embedded", self._entity.name, draft.sourced_id)
        return self._layout.embedded and self._claims.first(key, draft.read.number) != draft.read.number

    def _matched(self, draft: Draft) -> Match | RowOutcome:
        """The record that a draft is about, or what becomes of the row without one."""
        here = self._going(draft)
        if here is not None:
            self.touched.add(here.id)
            return removal(draft.read.number, here)
        if not draft.read.left_out:
            self._claim(draft)
            self._resolve(draft, within_entity=False)
        if draft.read.left_out:
            return self._left_out(draft, draft.read.left_out)
        if draft.read.problems:
            return self._problem(draft)
        if draft.deleted:
            return self._removed(draft)
        match = self._supplemented(draft) if self._layout.supplements else self._match(draft)
        if isinstance(match, RowOutcome):
            return match
        return self._problem(draft, match.breach) if match.breach else self._noted(draft, match)

    def _going(self, draft: Draft) -> Known | None:
        """The record that is to be deleted, where its id alone tells it: the rest may be empty."""
        read, sourced_id = draft.read, draft.sourced_id
        if not draft.deleted or read.left_out or self._layout.supplements or not sourced_id:
            return None
        if self._claims.first(("id", sourced_id), read.number) != read.number:
            return None  # another row has the id
        here = self._references.here(self._entity.name, draft.sourced_id)
        return None if here is None or here.archived else here

    def _noted(self, draft: Draft, match: Match) -> Match | RowOutcome:
        """The match, where no other row is about that record."""
        read = draft.read
        record_id = match.known.id if match.known is not None else match.new_id or ""
        if self._layout.each_of:
            key, place = (self._entity.name, record_id), len(self._told.rows)
            if self._told.first(key, place) != place:
                return RowOutcome(read.number, Outcome.SAME, record_id, notes=("told from both sides",))
        first = self._numbers.first(("record", record_id), read.number)
        if first != read.number:
            return self._problem(draft, repeated("", self._what(), first))
        if match.note:
            read.notes.append(match.note)
        self.touched.add(record_id)
        if draft.sourced_id and not self._layout.supplements:
            self._references.note(self._entity.name, draft.sourced_id, record_id)
        return match

    def _what(self) -> str:
        """What two rows share that are about one record."""
        if not self._entity.called:
            return self._entity.name
        return " and ".join(name.removesuffix("_id").replace("_", " ") for name in self._entity.called)

    def _claim(self, draft: Draft) -> None:
        """Have this row speak for its id and number; one that is taken is a problem that names the first."""
        read = draft.read
        if draft.sourced_id and not self._layout.embedded:
            first = self._claims.first(("id", draft.sourced_id), read.number)
            if first != read.number:
                breach = repeated("sourced_id", "id", first)
                read.problems.append(problem_of(read.number, self._heading("sourced_id"), breach))
                return
        for what, *key in keys_of(self._entity, read.values, whole=False):
            if what != "id":
                first = self._numbers.first((what, *key), read.number)
                if first != read.number:
                    name = what.replace(" ", "_")
                    read.problems.append(
                        problem_of(read.number, self._heading(name), repeated(name, what, first))
                    )

    def _resolve(self, draft: Draft, *, within_entity: bool) -> None:
        for name, link in draft.links.items():
            spec = self._entity.field(name)
            if spec is None or (spec.refers_to == self._entity.name) is not within_entity:
                continue
            found = self._target(draft, spec, link)
            if isinstance(found, str):
                draft.read.values[name] = found
            else:
                self._tell_lost(draft, spec, link, found)

    def _target(self, draft: Draft, spec: FieldSpec, link: Link) -> str | Lost | None:
        found = self._references.record_of(spec.refers_to, link.sourced_id)
        about = draft.links.get(self._layout.within.get(spec.name, ""))
        if found is None and about is not None:
            found = self._references.record_of(spec.refers_to, of_user(link.sourced_id, about.sourced_id))
        return found

    def _tell_lost(self, draft: Draft, spec: FieldSpec, link: Link, lost: Lost | None) -> None:
        read = draft.read
        what = spec.refers_to.replace("_", " ")
        if isinstance(lost, Lost) and lost.left_out:
            if spec.required:
                read.left_out = f"names a {what} that is left out"
            else:
                read.notes.append(f"{link.heading}: the {what} “{link.sourced_id}” is left out.")
            return
        if isinstance(lost, Lost):
            message = f"The {what} “{link.sourced_id}” has a problem itself, in row {lost.row}."
            breach = RuleBreach(spec.name, "reference-bad", message, "Correct that row first.")
        else:
            message = f"There is no {what} “{link.sourced_id}”, neither in the package nor here."
            breach = RuleBreach(
                spec.name, "reference-nowhere", message, "Add it to the package, or correct the id."
            )
        problem = problem_of(read.number, link.heading, breach)
        (read.problems if spec.required else read.reported).append(problem)

    def _match(self, draft: Draft) -> Match:
        values = draft.read.values
        records = self._references.known(self._entity.name)
        key = self._entity.natural_key(values)
        if self._own and key == SOURCE:
            here = self._references.here(self._entity.name, draft.sourced_id)
            if here is not None:
                return unless_archived(Match(here, keep_source=True))
        if key is None or key == SOURCE:
            return find_match(self._entity, values, records, self._school_id)
        record_id = self._entity.natural_id(self._school_id, values)
        here = records.by_id(record_id or "")
        if here is None:
            return Match(new_id=record_id)
        if here.archived:  # what only ties others together comes back where the source has it again
            return Match(new_id=record_id, note="It was archived here, and comes back.")
        foreign = bool(here.values.get("sourced_id")) and self._is_of_another(here)
        return Match(here, keep_source=self._own or foreign)

    def _is_of_another(self, here: Known) -> bool:
        return here.values.get("source_system") != self._reader.source_system

    def _supplemented(self, draft: Draft) -> Match | RowOutcome:
        """The record of another file to which this row adds."""
        sourced_id, name = draft.sourced_id, self._entity.name
        for source in SOURCE:
            draft.read.values.pop(source, None)
        found = self._references.record_of(name, sourced_id)
        if isinstance(found, str):
            known = (self._staged or {}).get(found) or self._references.known(name).by_id(found)
            if known is not None:
                return Match(known)
        if isinstance(found, Lost) or self._references.stands_for(sourced_id):
            why = "adds to a row that is left out" if isinstance(found, Lost) else f"not of a {name}"
            return self._left_out(draft, why)
        breach = RuleBreach(
            "sourced_id",
            "reference-nowhere",
            f"There is no {name} “{sourced_id}”, neither in the package nor here.",
            "Add it to the package, or correct the id.",
        )
        return self._problem(draft, breach)

    def _decided(self, draft: Draft, match: Match) -> RowOutcome:
        if self._is_circle(draft):
            self._references.take_back(self._entity.name, draft.sourced_id)
            breach = RuleBreach(
                "",
                "reference-circle",
                "This is a part of itself.",
                "Correct what it is said to be a part of.",
            )
            return self._problem(draft, breach)
        self._resolve(draft, within_entity=True)
        outcome = decided(self._entity, draft.read, match, self._heading, self._layout.only_new)
        if outcome.outcome is Outcome.PROBLEM:
            self._references.take_back(self._entity.name, draft.sourced_id)
            self._lose(draft, left_out=False)
        elif self._staged is not None and outcome.record_id:
            had = match.known.values if match.known is not None else {}
            values = {**had, **{name: change.value for name, change in outcome.differences.items()}}
            imported = match.known.imported if match.known is not None else ""
            self._staged[outcome.record_id] = Known(outcome.record_id, values, imported=imported)
        return outcome

    def _named_of_own_kind(self, drafts: list[Draft]) -> Iterator[tuple[str, str]]:
        """Which record of this entity each names as what it is a part of, by the package's ids."""
        for draft in drafts:
            for name, link in draft.links.items():
                spec = self._entity.field(name)
                if spec is not None and spec.refers_to == self._entity.name:
                    yield draft.sourced_id, link.sourced_id

    def _is_circle(self, draft: Draft) -> bool:
        seen, at = {draft.sourced_id}, self._parents.get(draft.sourced_id)
        while at is not None and at not in seen:
            seen.add(at)
            at = self._parents.get(at)
        return at is not None

    def _removed(self, draft: Draft) -> RowOutcome:
        if self._layout.supplements:
            return self._left_out(draft, "to be deleted; the rest of the record stays")
        match = self._match(draft)
        known = match.known
        if known is None or known.archived:
            return self._left_out(draft, "to be deleted, and not here")
        self.touched.add(known.id)
        return removal(draft.read.number, known)

    def _left_out(self, draft: Draft, why: str) -> RowOutcome:
        self._lose(draft, left_out=True)
        return RowOutcome(draft.read.number, Outcome.LEFT_OUT, notes=(why,))

    def _problem(self, draft: Draft, *breaches: RuleBreach) -> RowOutcome:
        self._lose(draft, left_out=False)
        return with_problems(draft.read, self._heading, *breaches)

    def _lose(self, draft: Draft, *, left_out: bool) -> None:
        if draft.sourced_id and not self._layout.supplements:
            lost = Lost(draft.read.number, left_out)
            self._references.note_lost(self._entity.name, draft.sourced_id, lost)
            known = self._references.here(self._entity.name, draft.sourced_id)
            if known is not None:  # it is in the package, though it cannot be read: it is not gone
                self.touched.add(known.id)

    def _heading(self, name: str) -> str:
        heading = self._headings.get(name)
        return self._reader.sheet.spelled(heading) if heading else ""


def removal(row: int, known: Known) -> RowOutcome:
    """The outcome of a record that is archived."""
    return RowOutcome(row, Outcome.REMOVED, known.id, {"deleted": FieldDifference("no", "yes")})
