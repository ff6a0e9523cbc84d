"""A proposal in a registrar's words: whose, what, when, where it is, and what to do next (S23)."""

from typing import Any

from rollbook.cli import words
from rollbook.client.facade import Client
from rollbook.domain.labels import label_of

_STATES = {"open": "waits for a decision", "accepted": "accepted", "declined": "declined"}
_WHAT = {"create": "new", "update": "change", "archive": "archiving"}
_ABOUT = {"create": "new {0}: {1}", "update": "change of {1}", "archive": "archiving of {1}"}


def whose(client: Client, one: dict[str, Any]) -> str:
    """The student's name, from this computer's records or, of one who is new, from what was entered."""
    row = client.record(one["entity"], one["entity_id"])
    entered = {name: change["value"] for name, change in one["changes"].items()}
    found = label_of(row.values) if row is not None else label_of(entered) if one["kind"] == "create" else ""
    return found or f"{one['entity']} {one['entity_id']}"


def row(one: dict[str, Any], student: str) -> tuple[str, ...]:
    """A line of the list."""
    changed = _changes(one)
    what = f"{_kind(one)}: {changed}" if changed else _kind(one)
    return str(one["number"]), student, what, one["owner"], words.moment(one["at"]), _state(one)


def described(one: dict[str, Any], student: str) -> list[str]:
    """All of it, with both sides and, while it is open, how to decide."""
    lines = [
        f"Proposal {one['number']}: {_about(one, student)}",
        f"  Entered by   {one['owner']}, who may not write it any more",
        f"  Handed over  {words.moment(one['at'])}",
        f"  State        {_state(one)}",
        *([f"  Note         {one['note']}"] if one["note"] else []),
        f"  Student ID   {one['entity_id']}",
    ]
    sides = [f"  {line}" for line in _sides(one)]
    how = ["", *_how_to_decide(one)] if one["state"] == "open" else []
    return [*lines, *(["", *sides] if sides else []), *how]


def outcome(one: dict[str, Any], student: str) -> str:
    """What was decided, in one sentence."""
    said = f"Proposal {one['number']} ({_about(one, student)}) was {one['state']} {_by_whom(one)}."
    return said if one["state"] == "accepted" else f"{said} It is not at the school."


def before(one: dict[str, Any], note: str) -> list[str]:
    """What to say where the same had been decided already."""
    said = [f"It had been decided so before; nothing was changed now.{_note(one)}"]
    return [*said, "Your note was not kept."] if note and note != one["note"] else said


def otherwise(one: dict[str, Any], student: str) -> str:
    """What to say where the other had been decided, and what may still be done."""
    by_hand = "enter it" if one["state"] == "declined" else "change the record"
    return f"{outcome(one, student)}{_note(one)} A decision stays. To have it otherwise, {by_hand} yourself."


def _about(one: dict[str, Any], student: str) -> str:
    return _ABOUT.get(one["kind"], "{0}: {1}").format(one["entity"], student)


def _kind(one: dict[str, Any]) -> str:
    return _WHAT.get(one["kind"], str(one["kind"]))


def _changes(one: dict[str, Any]) -> str:
    if one["kind"] == "create":
        return ", ".join(f"{name}: {words.value(each['value'])}" for name, each in one["changes"].items())
    return ", ".join(words.change(name, each["had"], each["value"]) for name, each in one["changes"].items())


def _state(one: dict[str, Any]) -> str:
    state = _STATES.get(one["state"], str(one["state"]))
    return state if one["state"] == "open" else f"{state} {_by_whom(one)}"


def _by_whom(one: dict[str, Any]) -> str:
    return f"by {one['decided_by']}, {words.moment(one['decided_at'])}"


def _note(one: dict[str, Any]) -> str:
    return f" Note: “{one['note']}”." if one["note"] else ""


def _sides(one: dict[str, Any]) -> list[str]:
    rows = [
        (name, words.value(each["had"]), words.value(each["value"]), words.value(one["now"].get(name)))
        for name, each in one["changes"].items()
    ]
    return words.aligned(("field", f"{one['owner']} saw", "entered", "the school has"), rows)


def _how_to_decide(one: dict[str, Any]) -> list[str]:
    accept = f"rollbookctl proposals accept {one['number']}"
    changed = _changed_since(one)
    lines = [f"Accept it:   {' '.join([accept, *(f'{name}=mine' for name in changed)])}"]
    if changed:
        lines.append(
            f"  ({', '.join(changed)} changed at the school since: FIELD=mine takes what was entered, "
            "FIELD=theirs keeps what the school has)"
        )
    return [*lines, f'Decline it:  rollbookctl proposals decline {one["number"]} --note "why"']


def _changed_since(one: dict[str, Any]) -> list[str]:
    """Fields for which a choice will be asked: the school has neither what was seen nor what was entered."""
    return [
        name
        for name, each in one["changes"].items()
        if name in one["now"] and one["now"][name] not in (each["had"], each["value"])
    ]
