"""Whatever was imported and changed since: an undo leaves what was before, and what came later (D9)."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollbook.client.importing import dry_run, take_in
from rollbook.client.values import RecordQuery
from support.client_desk import ClientDesk

from .conftest import MakeDesk

Values = tuple[str | None, str | None]
"""Homeroom and e-mail."""
_HOMEROOMS = st.sampled_from(["1A", "2B", None])
_MAILS = st.sampled_from(["a@example.org", "b@example.org", None])
_VALUES = st.tuples(_HOMEROOMS, _MAILS)
_NUMBERS = st.integers(0, 4)
_FIELDS = ("homeroom", "email")


@dataclass
class Told:
    """What one example does, by the last digit of a student's number."""

    before: dict[int, Values]
    rows: dict[int, Values]
    later: dict[int, Values]
    sent: tuple[bool, bool]


_EXAMPLES = st.builds(
    Told,
    st.dictionaries(_NUMBERS, _VALUES),
    st.dictionaries(_NUMBERS, _VALUES, min_size=1),
    st.dictionaries(_NUMBERS, _VALUES),
    st.tuples(st.booleans(), st.booleans()),
)


@dataclass
class Room:
    """One desk for all examples, each of which has numbers of its own."""

    desk: ClientDesk
    folder: Path
    _turn: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.turn = 0

    def begin(self) -> None:
        """A new example."""
        self.turn = next(self._turn)

    def number(self, last: int) -> str:
        """The number of a student."""
        return f"{self.turn:05}{last}"

    def live(self) -> dict[int, Values]:
        """Homeroom and e-mail of the example's students that are not archived."""
        found = {}
        for last in range(5):
            query = RecordQuery(filters={"student_number": self.number(last)})
            for row in self.desk.client.records(query).rows:
                found[last] = (row.values["homeroom"], row.values["email"])
        return found

    def change(self, last: int, values: Values) -> None:
        """A person's edit of what the example's student has, where there is one."""
        query = RecordQuery(filters={"student_number": self.number(last)})
        for row in self.desk.client.records(query).rows:
            self.desk.change(row.id, **dict(zip(_FIELDS, values, strict=True)))

    def imported(self, rows: dict[int, Values]) -> str:
        """Import them; an empty cell leaves what is there."""
        lines = [f"{self.number(last)},Ana,{room or ''},{mail or ''}" for last, (room, mail) in rows.items()]
        file = self.folder / "list.csv"
        file.write_text("\n".join(["Student number,Given name,Homeroom,Email", *lines]) + "\n", "utf-8")
        return take_in(self.desk.client, dry_run(self.desk.client, file)).run


@pytest.fixture
def room(make_desk: MakeDesk, tmp_path: Path) -> Room:
    """A desk in sync with the school."""
    desk = make_desk()
    desk.sync()
    return Room(desk, tmp_path)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=_EXAMPLES)
def test_d9_an_undo_leaves_what_was_before_and_what_came_later(room: Room, told: Told) -> None:
    room.begin()
    for last, values in told.before.items():
        given = dict(zip(_FIELDS, values, strict=True))
        room.desk.add(given_name="Ana", student_number=room.number(last), **given)
    before = room.live()
    if told.sent[0]:
        room.desk.sync()
    run = room.imported(told.rows)
    if told.sent[1]:
        room.desk.sync()
    between = room.live()
    for last, values in told.later.items():
        room.change(last, values)
    after = room.live()
    room.desk.client.runs.undo(run, keep_later=True)
    assert room.live() == _expected(before, between, after)
    if any(told.sent):
        assert room.desk.sync().up_to_date
        assert room.live() == _expected(before, between, after)


def _expected(
    before: dict[int, Values], between: dict[int, Values], after: dict[int, Values]
) -> dict[int, Values]:
    """Field by field what was before, but where a later edit changed what the import had left."""
    expected = {}
    for last, now in after.items():
        was, left = before.get(last), between[last]
        if was is None:
            if now != left:  # made by the import and used since
                expected[last] = now
            continue
        home, mail = (n if n != l else w for w, l, n in zip(was, left, now, strict=True))  # noqa: E741
        expected[last] = (home, mail)
    return expected
