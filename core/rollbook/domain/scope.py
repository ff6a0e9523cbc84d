"""What a user may see and write: scopes, each an entity with a predicate over its records (S23).

A role gives whole entities today. A narrower scope (a teacher's classes) is one more kind of predicate here;
how a change of scope travels, and what a desk does about it, stays as it is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rollbook.domain.entity import Values
from rollbook.domain.registry import ENTITIES
from rollbook.domain.roles import Right, rights_of


class Act(StrEnum):
    """What may be done with the records of a scope. Who may write them may read them too."""

    READ = "read"
    WRITE = "write"


EVERY = "every"
"""The predicate that holds for every record of the entity."""

Predicate = Callable[[Sequence[str], str, Values], bool]
"""Whether a record (its id and values) is meant, with the scope's arguments."""

PREDICATES: dict[str, Predicate] = {EVERY: lambda _arguments, _record_id, _values: True}


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """Records of one entity, and what may be done with them. ``kind`` names the predicate."""

    act: Act
    entity: str
    kind: str = EVERY
    arguments: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every record of the entity is meant, so that none need be looked at."""
        return self.kind == EVERY

    def covers(self, record_id: str, values: Values) -> bool:
        """Whether the record is meant. A kind that this version does not know covers none."""
        holds = PREDICATES.get(self.kind)
        return holds is not None and holds(self.arguments, record_id, values)


# By the area of an entity: what gives its records to be read, and to be written. What few may see of a
# student stands in an entity of its own, so that it never reaches the computers of others.
_AREAS: dict[str, tuple[Right, Right]] = {
    "students": (Right.READ_STUDENTS, Right.WRITE_STUDENTS),
    "care": (Right.READ_CARE, Right.WRITE_CARE),
    "set_up": (Right.READ_STUDENTS, Right.SET_UP),
    "classes": (Right.READ_STUDENTS, Right.WRITE_STUDENTS),
    "marks": (Right.READ_MARKS, Right.WRITE_MARKS),
}
_OF_EVERY_MEMBER = Scope(Act.READ, "school")


@lru_cache
def scopes_of(rights: frozenset[Right]) -> frozenset[Scope]:
    """The scopes that ``rights`` give to a member of a school."""
    given = {
        Scope(act, entity.name)
        for entity in ENTITIES.values()
        if entity.area
        for act, right in zip((Act.READ, Act.WRITE), _AREAS[entity.area], strict=True)
        if right in rights
    }
    return frozenset({_OF_EVERY_MEMBER, *given})


def scopes_of_role(role: str) -> frozenset[Scope]:
    """The scopes of a role as kept; one that this version does not know has those of every member."""
    return scopes_of(rights_of(role))


def as_text(scopes: Iterable[Scope]) -> list[list[str]]:
    """Scopes as they travel and are kept: lists of words, always in the same order."""
    return [[scope.act.value, scope.entity, scope.kind, *scope.arguments] for scope in sorted(scopes)]


def from_text(texts: Iterable[Sequence[str]]) -> frozenset[Scope]:
    """What :func:`as_text` wrote. An act that this version does not know is passed over."""
    return frozenset(
        Scope(Act(act), entity, kind, tuple(arguments))
        for act, entity, kind, *arguments in texts
        if act in set(Act)
    )
