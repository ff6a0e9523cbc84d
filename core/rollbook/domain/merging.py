"""Two records of one person: a merge moves no rows, it says that one of them means the other (D4)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rollbook.domain.entity import FieldType, RuleBreach, Values, attribute, describe, reference


@dataclass(frozen=True, slots=True)
class Merge:
    """That ``merged_id`` is the same person as ``kept_id``. Undone by archiving it.

    ``taken`` are the values that the kept record was given at the time, as JSON: field to had and value.
    """

    kept_id: str | None = reference("student", about=True, required=True, listed=True)
    merged_id: str | None = reference("student", about=True, required=True, listed=True)
    taken: str | None = attribute(type=FieldType.LONG_TEXT, limit=20_000)


def not_with_itself(values: Values) -> tuple[RuleBreach, ...]:
    """A record is merged with another one."""
    if not values.get("kept_id") or values.get("kept_id") != values.get("merged_id"):
        return ()
    return (
        RuleBreach("merged_id", "the-same-record", "This is the same record.", "Choose the other record."),
    )


MERGE = describe(
    "merge",
    Merge,
    plural="merges",
    area="students",
    rules=(not_with_itself,),
    called=("merged_id", "kept_id"),
)


def meant_by(merges: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The ids that mean another record, each with the one that it means in the end.

    ``merges`` are the live ones as mappings with ``id``, ``kept_id`` and ``merged_id``, in any order. Of two
    that contradict each other (two desks merged the same pair in opposite directions) the earlier id counts,
    so that everybody reads the same; the pair is one person either way.
    """
    found: dict[str, str] = {}
    for merge in sorted(merges, key=lambda each: str(each["id"])):
        merged, kept = _end(found, merge["merged_id"]), _end(found, merge["kept_id"])
        if merged != kept:
            found[merged] = kept
    return {each: _end(found, each) for each in found}


def without_archived(meant: Mapping[str, str], archived: Collection[str]) -> dict[str, str]:
    """The same without those who mean an archived record and are not archived themselves.

    Somebody archived the one who was kept: that says nothing of the other, who must not vanish with them.
    """
    return {each: person for each, person in meant.items() if person not in archived or each in archived}


def _end(found: Mapping[str, str], record_id: str) -> str:
    while record_id in found:
        record_id = found[record_id]
    return record_id
