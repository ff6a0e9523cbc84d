"""Finding the students who may be one person, by the index of words and by what names a person (D4)."""

from collections.abc import Mapping

from sqlalchemy import Connection, or_, select

from rollbook.contract.matching import Match, Matches
from rollbook.domain.entity import Values
from rollbook.domain.labels import label_of
from rollbook.domain.registry import ENTITIES
from rollbook.domain.scope import Act
from rollbook.schema.likeness import SURE_ENOUGH, reasons_for, weight_of
from rollbook.schema.similar_names import phone_digits
from rollbook.server.auth.caller import Caller
from rollbook.server.merged import MERGED, merged
from rollbook.server.search.reading import search
from rollbook.server.sync.decide import RecordState
from rollbook.server.sync.known import read_records
from rollbook.server.tables import record_tables

STUDENT = ENTITIES[MERGED]
MOST_OFFERED = 50
_LOOKED_AT = 200
_SAME = ("birth_date", "student_number")


def candidates(connection: Connection, caller: Caller, values: Values) -> Matches:
    """Those that the caller may see, archived ones too, the likeliest first, :data:`MOST_OFFERED` at most.

    A record that was merged is told as the one that is shown for it. ``values`` are canonical.
    """
    school = caller.school_id
    shown_for = merged(connection, school)
    looked_at = _found_by_words(connection, caller, values) | _with_the_same(connection, school, values)
    meant = {shown_for.get(each, each) for each in looked_at}
    records = {
        record_id: state
        for record_id, state in read_records(connection, school, STUDENT, looked_at | meant).items()
        if caller.covers(Act.READ, STUDENT.name, record_id, state.values)
    }
    reasons: dict[str, tuple[str, ...]] = {}
    for record_id in looked_at & records.keys():
        shown = shown_for.get(record_id, record_id)
        found = reasons_for(values, records[record_id].values)
        if shown in records and weight_of(found) > weight_of(reasons.get(shown, ())):
            reasons[shown] = found
    matches = [_match(record_id, records[record_id], found) for record_id, found in reasons.items()]
    matches.sort(key=lambda each: (-each.score, each.label, each.id))
    return Matches(matches[:MOST_OFFERED])


def _found_by_words(connection: Connection, caller: Caller, values: Values) -> set[str]:
    """Live records that the search finds by the names or the phone."""
    names = " ".join(values[name] for name in ("family_name", "given_name") if values.get(name))
    phone = values["phone"] if phone_digits(values.get("phone")) else None
    found = set[str]()
    for asked in filter(None, (names, values.get("native_name"), phone)):
        page = search(connection, caller, asked, (STUDENT.name,), None, _LOOKED_AT)
        found.update(each.id for each in page.results)
    return found


def _with_the_same(connection: Connection, school_id: str, values: Values) -> set[str]:
    """Who has the birth date or the number, archived or not: names may be swapped, or be more than one."""
    table = record_tables[STUDENT.name]
    given: Mapping[str, str] = {name: values[name] for name in _SAME if values.get(name)}
    if not given:
        return set()
    same = or_(*(table.c[name] == value for name, value in given.items()))
    return set(connection.execute(select(table.c.id).where(table.c.school_id == school_id, same)).scalars())


def _match(record_id: str, state: RecordState, reasons: tuple[str, ...]) -> Match:
    score = weight_of(reasons)
    return Match(
        id=record_id,
        label=label_of(state.values),
        birth_date=state.values["birth_date"],
        reasons=list(reasons),
        score=score,
        likely=score >= SURE_ENOUGH,
        archived=state.deleted,
        href=f"/api/v1/{STUDENT.plural}/{record_id}",
    )
