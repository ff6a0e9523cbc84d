"""What people do at desks: enter, archive, take back, decide; each deed is told to the ledger."""

import json
import random
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from faults.desk import Desk, DeskDied
from faults.ledger import FIELDS, Decision, Entry, Ledger
from faults.oracle import LOST, Fault
from rollbook.client.resolving import Chosen
from rollbook.client.values import Edit, RecordQuery, RefusedEntryError, Saved, WaitingEntry
from rollbook.resilience.breaker import BreakerOpenError
from rollbook.resilience.failures import CallFailedError
from rollbook.store.errors import NotAllowedNowError
from support.server_process import PASSWORD

T = TypeVar("T")

_NEEDS = ("parked", "conflict")
_ENDED = ("replaced", "discarded")


@dataclass(slots=True)
class People:
    """All who sit at the desks. ``forms`` are what they opened and have not saved yet."""

    ledger: Ledger
    chance: random.Random
    wrong: list[Fault]
    crowding: float = 0.0  # how often it is the one student that all work on
    number: int = 0
    forms: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    # ---- entering

    async def enter_new(self, desk: Desk) -> None:
        """Register a student."""
        values = {name: self._value(name) for name in ("given_name", *self._some_fields())}
        values = {name: value for name, value in values.items() if value is not None}
        await self._save(desk, None, values, None)

    async def change(self, desk: Desk) -> None:
        """Change a student that this desk shows, or save a form that was opened earlier."""
        record = self._a_record(desk)
        if record is None:
            return
        opened = self.forms.pop((desk.name, record), None)
        await self._save(desk, record, {name: self._value(name) for name in self._some_fields()}, opened)

    def open_form(self, desk: Desk) -> None:
        """Look at a student now; it is saved, as it stood, some time later."""
        record = self._a_record(desk)
        if record is not None:
            self.forms[desk.name, record] = self._shown(desk, record)
            self.ledger.say(f"{desk.name} opens a form of {record[-6:]}")

    async def import_rows(self, desk: Desk) -> None:
        """Register several at once (D9)."""
        rows = [
            {"given_name": self._value("given_name"), "homeroom": self._value("homeroom")} for _ in range(3)
        ]
        rows = [row for row in rows if row["given_name"] is not None]
        self.ledger.say(f"{desk.name} imports {rows}")
        saved = desk.client.save_many([Edit("student", None, row) for row in rows], desk.client.new_run())
        for row, each in zip(rows, saved, strict=True):
            self.ledger.saw(desk.name, each.entity_id, dict.fromkeys(FIELDS))
            self._enter(desk, each.entity_id, row, str(each.op_id), ())

    async def archive(self, desk: Desk) -> None:
        """Archive a student."""
        record = self._a_record(desk)
        if record is None:
            return
        self.ledger.say(f"{desk.name} archives {record[-6:]}")
        self.ledger.saw(desk.name, record, self._shown(desk, record))
        saved = desk.client.archive("student", record)
        step = self.ledger.step
        self.ledger.enter(Entry(str(saved.op_id), desk.name, record, {}, step, step, archive=True))

    async def _save(
        self, desk: Desk, record: str | None, values: dict[str, Any], opened: dict[str, Any] | None
    ) -> None:
        seen = opened or (dict.fromkeys(FIELDS) if record is None else self._shown(desk, record))
        values = {name: value for name, value in values.items() if value != seen[name]}
        form = "" if opened is None else f" in a form that showed { {name: seen[name] for name in values} }"
        self.ledger.say(f"{desk.name} enters {values} for {record[-6:] if record else 'a new one'}{form}")
        before = desk.states()
        saved: Saved | None = None
        death: DeskDied | None = None
        try:
            saved = desk.client.save(Edit("student", record, values, seen=opened))
        except RefusedEntryError:
            return
        except DeskDied as died:
            death = died
            await desk.die()
        new = [op_id for op_id in desk.states() if op_id not in before]
        self.ledger.say(f"  {'saved' if saved else 'died while saving'}: {[op_id[-6:] for op_id in new]}")
        for op_id in new:
            [(record_id,)] = desk.rows("SELECT entity_id FROM operation WHERE op_id = ?", op_id)
            mended = self._ended(desk, before, record_id)
            whole = {**self.ledger.composed(mended), **values}
            self.ledger.saw(desk.name, record_id, {name: seen[name] for name in values})
            self._enter(desk, record_id, whole, op_id, mended)
            self.ledger.decide(mended, Decision("mended", successor=op_id))
        if death is not None:
            raise death  # what else that process was doing has ended with it
        if saved is not None and saved.op_id is not None:
            self._look_again(desk, saved.entity_id, values)

    def _look_again(self, desk: Desk, record: str, values: dict[str, Any]) -> None:
        shown = self._shown(desk, record)
        for name, value in values.items():
            if shown[name] != value:
                self.wrong.append(
                    Fault(LOST, f"{desk.name} saved {name}={value} of {record[-6:]} and sees {shown[name]}")
                )

    def _enter(
        self, desk: Desk, record: str, values: dict[str, Any], op_id: str, goes_on_for: Collection[str]
    ) -> None:
        place, step = self.ledger.place_of(goes_on_for), self.ledger.step
        self.ledger.enter(Entry(op_id, desk.name, record, values, step, place))

    def _ended(self, desk: Desk, before: dict[str, str], record: str) -> list[str]:
        """Entries of the record that this deed ended: one that needed a person, and what went on with it."""
        after = desk.states()
        of_record = {
            op_id for (op_id,) in desk.rows("SELECT op_id FROM operation WHERE entity_id = ?", record)
        }
        ended = [op_id for op_id in before if op_id in of_record and before[op_id] not in _ENDED
                 and after.get(op_id) in _ENDED]  # fmt: skip
        return ended if any(before[op_id] in _NEEDS for op_id in ended) else []

    # ---- deciding

    async def take_back(self, desk: Desk) -> None:
        """Undo an entry that was never sent."""
        found = desk.client.entries(states=("queued",))
        if not found:
            return
        op_id = self.chance.choice(found).op_id
        done = desk.client.take_back(op_id)
        self.ledger.say(f"{desk.name} takes back {op_id[-6:]}: {done}")
        if done:
            self.ledger.decide([op_id], Decision("taken back"))

    async def decide_one(self, desk: Desk) -> None:
        """Act on one entry that needs a person."""
        found = desk.client.entries(states=_NEEDS)
        if found:
            self.decide(desk, self.chance.choice(found))

    async def decide_all(self, desk: Desk) -> None:
        """Act on all that needs a person, as each stands when its turn comes."""
        told = [each.op_id for each in desk.client.status().decisions]
        if told:
            desk.client.proposals.decisions_read(told)
            self.ledger.say(f"{desk.name} reads what the registrar decided of {[one[-6:] for one in told]}")
        for entry in desk.client.entries(states=_NEEDS):
            now = desk.client.entry(entry.op_id)
            if now is not None and now.state in _NEEDS:
                self.decide(desk, now)

    async def decide_proposals(self, desk: Desk, desks: Sequence[Desk]) -> None:
        """A registrar at ``desk`` accepts or declines what others handed over, and declines what clashes."""
        proposals = desk.client.proposals
        for each in await self._in_the_end(desk, proposals.listed):
            number, accept = each["number"], self.chance.random() < 0.6
            try:
                await self._in_the_end(desk, partial(proposals.decide, number, accept=accept, choices={}))
            except CallFailedError as refused:
                self.ledger.say(f"  {each['op_id'][-6:]} cannot be accepted: {refused.code}")
                accept = False
                await self._in_the_end(desk, partial(proposals.decide, number, accept=False, choices={}))
            how = "accepts" if accept else "declines"
            self.ledger.say(f"the registrar at {desk.name} {how} {each['op_id'][-6:]}")
            if not accept:
                self.ledger.decide(_carried(desks, each["op_id"]), Decision("declined"))

    async def _in_the_end(self, desk: Desk, ask: Callable[[], Awaitable[T]]) -> T:
        """The registrar waits while the server is not asked, and signs in where a backup lost the session."""
        while True:
            try:
                return await ask()
            except BreakerOpenError:
                self.ledger.say(f"  the registrar at {desk.name} waits")
                desk.pass_time(100.0)
            except CallFailedError as failure:
                if failure.code != "not-signed-in":
                    raise
                self.ledger.say(f"  the registrar at {desk.name} signs in again")
                await desk.client.sign_in(PASSWORD)

    def decide(self, desk: Desk, entry: WaitingEntry) -> None:
        """One person's decision of one entry: choose, send again, or give up."""
        roll = self.chance.random()
        try:
            if entry.state == "conflict" and roll < 0.8:
                self._resolve(desk, entry)
            elif entry.state == "parked" and roll < 0.4:
                desk.client.retry(entry.op_id)
                self.ledger.say(f"{desk.name} sends {entry.op_id[-6:]} again")
            else:
                given_up = [each["op_id"] for each in desk.client.discard(entry.op_id)]
                self.ledger.say(f"{desk.name} discards {[op_id[-6:] for op_id in given_up]}")
                self.ledger.decide(given_up, Decision("discarded"))
        except NotAllowedNowError as refused:
            self.ledger.say(f"{desk.name} may not decide {entry.op_id[-6:]}: {refused}")

    def _resolve(self, desk: Desk, entry: WaitingEntry) -> None:
        theirs = {
            name: value for name, value in (entry.conflict or {}).get("fields", {}).items() if name in FIELDS
        }
        whole = entry.kind == "archive" or (entry.conflict or {}).get("deleted")
        shown = self._shown(desk, entry.entity_id)
        before = desk.states()
        choices = self._choices(["record"] if whole else list(theirs), entry)
        try:
            saved = desk.client.resolve(entry.op_id, choices)
        except RefusedEntryError as refused:
            self.ledger.say(f"{desk.name} cannot choose {choices}: {refused}")
            return
        self.ledger.say(
            f"{desk.name} chooses { {name: (one.side, one.value) for name, one in choices.items()} } for "
            f"{entry.op_id[-6:]} against {theirs}: {(saved.op_id or 'nothing')[-6:]}"
        )
        self.ledger.saw(desk.name, entry.entity_id, {**shown, **theirs} if whole else theirs)
        if entry.op_id not in self.ledger.entries:  # given back for others: told beside what stood before
            before_it = {name: had for name, (had, _new) in entry.fields.items() if name in FIELDS}
            self.ledger.saw(desk.name, entry.entity_id, before_it)
        self._settle(desk, entry, choices, saved, self._ended(desk, before, entry.entity_id), bool(whole))

    def _settle(
        self,
        desk: Desk,
        entry: WaitingEntry,
        choices: dict[str, Chosen],
        saved: Saved,
        ended: Collection[str],
        whole: bool,
    ) -> None:
        values = self.ledger.composed(ended)
        if entry.op_id not in self.ledger.entries:  # what another's lost version held is this one's to choose
            values = {name: value for name, (_had, value) in entry.fields.items() if name in FIELDS} | values
        if whole:
            given_up = set(values) if choices["record"].side == "theirs" else set()
        else:
            given_up = {name for name, chosen in choices.items() if chosen.side == "theirs"}
            if _is_taken(entry):
                self.ledger.left_empty(desk.name, entry.entity_id, given_up)
            values |= {name: chosen.value for name, chosen in choices.items() if chosen.side == "edited"}
        left = {name: value for name, value in values.items() if name not in given_up}
        edited = {name for name, chosen in choices.items() if chosen.side == "edited"}
        self._gave_way(desk, entry.entity_id, edited)
        if saved.op_id is not None:
            archive = entry.kind == "archive"
            step, place = self.ledger.step, self.ledger.place_of(ended)
            self.ledger.enter(
                Entry(saved.op_id, desk.name, entry.entity_id, left, step, place, archive, entry.op_id)
            )
        dropped = frozenset(given_up | edited)
        self.ledger.decide(ended, Decision("chosen", saved.op_id, dropped))

    def _gave_way(self, desk: Desk, record: str, edited: set[str]) -> None:
        """What was typed in a choice is meant instead of what waits in these fields, too."""
        kept = dict(desk.rows("SELECT op_id, changes FROM operation WHERE entity_id = ?", record))
        for op_id in kept.keys() & self.ledger.entries.keys():
            for name in edited - json.loads(kept[op_id]).keys():
                self.ledger.entries[op_id].values.pop(name, None)

    def _choices(self, names: list[str], entry: WaitingEntry) -> dict[str, Chosen]:
        numbered = _is_taken(entry)
        choices = {}
        for name in names:
            roll = self.chance.random()
            if name != "record" and (roll < 0.2 or (numbered and roll < 0.7)):
                self.number += 1
                choices[name] = Chosen.edited(f"{name[:3]}{self.number}e")
            else:
                choices[name] = Chosen("mine" if roll < 0.6 else "theirs")
        return choices

    # ---- what they see and write

    def _a_record(self, desk: Desk) -> str | None:
        found = desk.client.records(RecordQuery(limit=50)).rows
        if not found:
            return None
        return found[0].id if self.chance.random() < self.crowding else self.chance.choice(found).id

    def _shown(self, desk: Desk, record: str) -> dict[str, Any]:
        row = desk.client.record("student", record)
        return dict.fromkeys(FIELDS) if row is None else {name: row.values[name] for name in FIELDS}

    def _some_fields(self) -> list[str]:
        return self.chance.sample(FIELDS, self.chance.choice((1, 1, 2, 3)))

    def _value(self, name: str) -> str | None:
        """Mostly a value that nobody else ever enters, so that its way can be followed."""
        roll = self.chance.random()
        if roll < 0.04:
            return None
        if roll < (0.25 if name == "student_number" else 0.08):
            return f"{name[:3]}0{self.chance.randrange(3)}"
        self.number += 1
        return f"{name[:3]}{self.number}"


Deed = Callable[[People, Desk], Any]


def _carried(desks: Sequence[Desk], op_id: str) -> list[str]:
    """The entries in the bytes of that one."""
    mine = "SELECT op_id FROM operation WHERE op_id = ? OR carried_by = ?"
    return [found for desk in desks for (found,) in desk.rows(mine, op_id, op_id)]


def _is_taken(entry: WaitingEntry) -> bool:
    """Whether another record has a value of it: to leave it to that one is to have none."""
    return (entry.problem or {}).get("error") == "student-number-taken"
