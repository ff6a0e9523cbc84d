"""Fields that need a right of their own, beside the one to write their record."""

from collections.abc import Collection

from rollbook.domain.entity import EntityType, RuleBreach, Values
from rollbook.domain.roles import Right


def without_right(
    entity: EntityType, rights: Collection[Right], before: Values, after: Values
) -> tuple[RuleBreach, ...]:
    """A breach for each field that differs and that nobody with these ``rights`` alone may change.

    Values that a record does not have are absent: ``before`` it is made, ``after`` it is archived.
    """
    return tuple(
        RuleBreach(
            spec.name, "forbidden", "Your role does not allow this.", "Leave it as it is, or ask who may."
        )
        for spec in entity.guarded
        if spec.right not in rights and before.get(spec.name) != after.get(spec.name)
    )
