"""The decision alone: no server, no database. Hypothesis looks for a lost or trampled value (S13, S14)."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rollbook.contract.operations import FieldChange, Kind, Operation
from rollbook.domain.entity import EntityType, FieldSpec, RuleBreach
from rollbook.domain.roles import Right
from rollbook.server.sync.decide import (
    AlreadySo,
    Clash,
    PastChange,
    RecordState,
    Refusal,
    Subject,
    Write,
    decide,
)

FIELDS = ("alone", "other", "begin", "end")
SPELL = EntityType(
    name="spell",
    record=object,
    fields=(
        FieldSpec("alone"),
        FieldSpec("other"),
        FieldSpec("begin", group="dates"),
        FieldSpec("end", group="dates"),
    ),
)
ME, THEM = "me", "them"
MINE = (ME, frozenset(Right))
values = st.sampled_from([None, "a", "b", "c"])
records = st.fixed_dictionaries(dict.fromkeys(FIELDS, values))
edits = st.dictionaries(st.sampled_from(FIELDS), values, min_size=1)


def state(version: int, fields: dict[str, Any], *, deleted: bool = False) -> RecordState:
    return RecordState(version, fields, deleted, THEM, "today")


def past(
    version: int, fields: set[str], by_id: str = THEM, device: str = "d2", sequence: int = 1
) -> PastChange:
    return PastChange(version, frozenset(fields), by_id, "today", by_id, device, sequence)


def update(base: int, seen: dict[str, Any], edit: dict[str, Any], **members: Any) -> Operation:
    changes = {name: FieldChange(seen[name], value) for name, value in edit.items()}
    return Operation(
        "operation", Kind.UPDATE, "spell", "id", changes, base, device="d1", sequence=5, **members
    )


def verdict_of(seen: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]) -> Any:
    """What becomes of my edit of what I saw, after theirs of the same."""
    now = {**seen, **theirs}
    changed = {name for name in FIELDS if now[name] != seen[name]}
    subject = Subject(
        SPELL, state(2 if changed else 1, now), [past(2, changed)] if changed else [], ME, frozenset(Right)
    )
    return decide(subject, update(1, seen, mine), lambda name, value: None)


@given(seen=records, theirs=edits, mine=edits)
def test_s13_no_edit_is_trampled_and_none_is_lost(
    seen: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]
) -> None:
    """Told apart field by field, from what was entered alone."""
    now = {**seen, **theirs}
    mine = {name: value for name, value in mine.items() if value != seen[name]}
    trampling = {name for name in mine if now[name] != seen[name] and mine[name] != now[name]}
    verdict = verdict_of(seen, theirs, mine)
    if trampling:
        assert isinstance(verdict, Clash)
        assert trampling <= set(verdict.conflict.fields)
        assert all(verdict.conflict.fields[name] == now[name] for name in verdict.conflict.fields)
    elif isinstance(verdict, Write):
        assert {name: verdict.values[name] for name in mine} == mine
        untouched = [name for name in FIELDS if name not in mine]
        assert all(verdict.values[name] == now[name] for name in untouched)
    elif isinstance(verdict, AlreadySo):
        assert {**now, **mine} == now
    else:  # fields that one rule binds
        assert set(verdict.conflict.fields) == {"begin", "end"}


@given(seen=records, theirs=edits, mine=edits)
def test_s13_fields_of_one_rule_are_never_mixed(
    seen: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]
) -> None:
    """What is written is one side's pair of dates, never half of each."""
    verdict = verdict_of(seen, theirs, mine)
    if isinstance(verdict, Write):
        written = (verdict.values["begin"], verdict.values["end"])
        sides = [{**seen, **theirs}, {**seen, **mine}]
        assert written in [(side["begin"], side["end"]) for side in sides] or {"begin", "end"} <= set(mine)


@given(seen=records, mine=edits)
def test_s13_an_edit_of_what_nobody_touched_applies(seen: dict[str, Any], mine: dict[str, Any]) -> None:
    verdict = verdict_of(seen, {}, mine)
    assert isinstance(verdict, Write | AlreadySo)
    assert verdict.merged_fields == ()


@given(seen=records, theirs=edits, mine=edits)
def test_s13_whose_turn_it_is_does_not_matter_to_disjoint_edits(
    seen: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]
) -> None:
    one = verdict_of(seen, theirs, mine)
    other = verdict_of(seen, mine, theirs)
    assert isinstance(one, Clash) == isinstance(other, Clash)
    if isinstance(one, Write) and isinstance(other, Write):
        assert dict(one.values) == dict(other.values)


def test_s13_half_of_a_pair_changed_by_others_is_a_conflict_of_the_pair() -> None:
    seen = {"alone": None, "other": None, "begin": "a", "end": "b"}
    verdict = verdict_of(seen, {"end": "c"}, {"begin": "b"})
    assert isinstance(verdict, Clash)
    assert verdict.conflict.fields == {"begin": "a", "end": "c"}


def test_s13_changed_and_changed_back_is_no_conflict() -> None:
    seen = {"alone": "a", "other": None, "begin": None, "end": None}
    subject = Subject(SPELL, state(3, seen), [past(2, {"alone"}), past(3, {"alone"})], *MINE)
    verdict = decide(subject, update(1, seen, {"alone": "b"}), lambda name, value: None)
    assert isinstance(verdict, Write)
    assert verdict.merged_fields == ("alone",)


def test_s13_an_edit_of_ones_own_other_computer_is_someone_elses() -> None:
    seen = {"alone": "a", "other": None, "begin": None, "end": None}
    own, elsewhere = past(2, {"other"}, ME, "d1", 4), past(2, {"other"}, ME, "d2", 4)
    for change, expected in ((own, ()), (elsewhere, ("other",))):
        verdict = decide(
            Subject(SPELL, state(2, seen), [change], *MINE),
            update(1, seen, {"alone": "b"}),
            lambda *_: None,
        )
        assert isinstance(verdict, Write)
        assert verdict.merged_fields == expected


def test_s13_an_own_edit_made_later_is_not_yet_seen() -> None:
    """An operation set aside and sent after a younger one of the same desk does not pass over it."""
    seen = {"alone": "a", "other": None, "begin": None, "end": None}
    younger = past(2, {"alone"}, ME, "d1", 9)
    archive = Operation("operation", Kind.ARCHIVE, "spell", "id", {}, 1, device="d1", sequence=5)
    verdict = decide(Subject(SPELL, state(2, seen), [younger], *MINE), archive, lambda *_: None)
    assert isinstance(verdict, Clash)


def test_h1_a_rule_of_the_whole_record_is_checked_after_the_merge() -> None:
    def both_or_none(record: Any) -> tuple[RuleBreach, ...]:
        if (record["begin"] is None) == (record["end"] is None):
            return ()
        return (RuleBreach("end", "half", "One date is missing.", "Enter both."),)

    entity = EntityType("spell", object, SPELL.fields, rules=(both_or_none,))
    seen = {"alone": None, "other": None, "begin": "a", "end": "b"}
    verdict = decide(
        Subject(entity, state(1, seen), [], *MINE),
        update(1, seen, {"end": None}),
        lambda *_: None,
    )
    assert isinstance(verdict, Refusal)
    assert [item.code for item in verdict.errors] == ["half"]


def test_s22_an_archive_on_a_version_that_this_server_does_not_have_asks() -> None:
    """The number is the same; the server was put back, and others made it anew."""
    seen = dict.fromkeys(FIELDS, "a")
    now = RecordState(2, {**seen, "alone": "b"}, False, THEM, "today", seal="new lineage")
    changes = [past(2, {"alone"})]
    archive = Operation("operation", Kind.ARCHIVE, "spell", "id", {}, 2, device="d1", sequence=5)
    for seal, asks in (("old lineage", True), ("new lineage", False)):
        operation = msgspec.structs.replace(archive, base_seal=seal)
        verdict = decide(Subject(SPELL, now, changes, *MINE), operation, lambda name, value: None)
        assert isinstance(verdict, Clash) is asks
    beyond = msgspec.structs.replace(archive, base_version=7)
    assert isinstance(decide(Subject(SPELL, now, changes, *MINE), beyond, lambda name, value: None), Clash)


def test_s22_bringing_back_a_record_that_was_archived_anew_asks() -> None:
    gone = RecordState(3, dict.fromkeys(FIELDS, "a"), True, THEM, "today", seal="new lineage")
    create = Operation(
        "operation", Kind.CREATE, "spell", "id", {"alone": FieldChange("a", "b")}, 3, base_seal="old lineage"
    )
    assert isinstance(decide(Subject(SPELL, gone, [], *MINE), create, lambda name, value: None), Clash)


def test_s15_who_creates_an_archived_record_again_is_shown_what_it_holds_by_now() -> None:
    now = {"alone": "b", "other": "c", "begin": None, "end": None}
    subject = Subject(
        SPELL, state(4, now, deleted=True), [past(3, {"alone"}), past(4, set())], ME, frozenset(Right)
    )
    changes = {"alone": FieldChange("a", "mine")}
    again = Operation("operation", Kind.CREATE, "spell", "id", changes, 2, device="d1", sequence=5)
    verdict = decide(subject, again, lambda name, value: None)
    assert isinstance(verdict, Clash)
    assert (verdict.conflict.deleted, verdict.conflict.fields) == (True, {"alone": "b"})
