"""What becomes of a version that is given back (S22): the verdict alone, without a database."""

import msgspec
import pytest

from rollbook.contract.feed import Change
from rollbook.contract.recovery import Given
from rollbook.domain.registry import ENTITIES
from rollbook.server.recovery.judge import Candidate, Judge, School
from rollbook.server.sync.batch import state_of
from rollbook.server.sync.seal import Sealer

SEALER = Sealer("school", b"secret of the installation")
ANA, BEN = "01890000-0000-7000-8000-00000000000a", "01890000-0000-7000-8000-00000000000b"


def version(number: int, after: str, record: str = ANA, op: str = "", **values: str) -> Change:
    """A sealed version of a student."""
    given = dict.fromkeys(ENTITIES["student"].names) | {"given_name": "Ana"} | values
    made = Change(
        "student", record, number, given, op_id=op or f"op-{number}", owner="ada", after=after, at="today"
    )
    return msgspec.structs.replace(made, seal=SEALER.seal_of(made))


def chain(*phones: str, record: str = ANA) -> list[Change]:
    """Versions one after the other, each with another phone."""
    made: list[Change] = []
    for number, phone in enumerate(phones, start=1):
        made.append(version(number, made[-1].seal if made else "", record, phone=phone))
    return made


def candidate(change: Change, before: str = "") -> Candidate:
    """As it is given back by a desk."""
    return Candidate(change, before or change.after, None, "ada", "Ada", "desk")


def school_at(*changes: Change) -> School:
    """A school that has those versions, the last of each record now."""
    school = School()
    for change in changes:
        key = (change.entity, change.id)
        school.records[key] = state_of(change, change.values or {})
        school.had.add((*key, change.version, change.seal))
        for name in ("student_number",):
            value = (change.values or {}).get(name)
            if value is not None:
                school.holders["student", name, value] = change.id
    return school


def given(school: School, *candidates: Candidate, ended: bool = False) -> list[Given]:
    """What becomes of each, in their order."""
    found = Judge(school, SEALER, ended).judge(candidates)
    return [found[item.change.seal] for item in candidates]


def test_s22_a_chain_that_follows_is_taken_in_any_order_of_asking() -> None:
    one, two, three = chain("1", "2", "3")
    assert given(school_at(one), candidate(three), candidate(two)) == [Given.TAKEN, Given.TAKEN]
    assert given(School(), *map(candidate, (one, two, three))) == [Given.TAKEN] * 3


def test_s22_what_is_there_is_known() -> None:
    one, two = chain("1", "2")
    assert given(school_at(one, two), candidate(one), candidate(two)) == [Given.KNOWN, Given.KNOWN]


def test_s22_one_whose_predecessor_is_missing_is_held_and_at_the_end_decided() -> None:
    one, _two, three = chain("1", "2", "3")
    assert given(school_at(one), candidate(three)) == [Given.HELD]
    assert given(school_at(one), candidate(three), ended=True) == [Given.APART]
    assert given(school_at(one), candidate(three, before=one.seal), ended=True) == [Given.TAKEN]


def test_s22_what_went_another_way_is_apart_with_all_that_follows_it() -> None:
    one, two, three = chain("1", "2", "3")
    instead = version(2, one.seal, op="younger", phone="9")
    found = given(school_at(one, instead), candidate(two), candidate(three))
    assert found == [Given.APART, Given.APART]


def test_s22_an_operation_that_was_done_anew_is_known_and_what_followed_it_apart() -> None:
    one, two, three = chain("1", "2", "3")
    instead = version(2, one.seal, op="younger", email="e@example.org")
    school = school_at(one, instead)
    school.done.add((two.owner, two.op_id))
    assert given(school, candidate(two), candidate(three)) == [Given.KNOWN, Given.APART]


def test_s22_a_value_that_another_holds_now_makes_it_apart() -> None:
    lost = version(1, "", student_number="7")
    holder = version(1, "", record=BEN, student_number="7")
    assert given(school_at(holder), candidate(lost)) == [Given.APART]


def test_s22_a_value_that_another_lets_go_in_the_same_giving_back_is_taken() -> None:
    holder = version(1, "", record=BEN, student_number="7")
    let_go = version(2, holder.seal, record=BEN, student_number="8")
    lost = version(1, "", student_number="7")
    found = given(school_at(holder), candidate(lost), candidate(let_go))
    assert found == [Given.TAKEN, Given.TAKEN]


@pytest.mark.parametrize(
    "forged",
    [{"version": 9}, {"deleted": True}, {"owner": "eve"}, {"values": {"given_name": "Eve"}}, {"id": BEN}],
)
def test_s22_the_seal_tells_a_version_that_this_server_never_made(forged: dict[str, object]) -> None:
    (one,) = chain("1")
    assert SEALER.is_ours(one)
    assert not SEALER.is_ours(msgspec.structs.replace(one, **forged))
    assert not Sealer("school", b"another installation").is_ours(one)
    assert not Sealer("another school", SEALER.secret).is_ours(one)


def test_s22_the_same_operation_on_the_same_version_gives_the_same_seal_whoever_is_named_when() -> None:
    (one,) = chain("1")
    again = msgspec.structs.replace(one, by="Ada Lovelace", at="tomorrow", recovered=True)
    assert SEALER.seal_of(again) == one.seal
