"""Chance that is the same for the same seed, and ids that go with it."""

from random import Random

from rollbook.domain.ids import natural_id


def chance_of(seed: int, *about: str | int) -> Random:
    """A source of its own for each thing that is made up: what is added to one moves no other."""
    return Random("\x1f".join(map(str, (seed, *about))))  # noqa: S311 - a demonstration, nothing secret


def made_up_id(entity: str, seed: int, *key: str | int) -> str:
    """The id of a made-up thing that has no natural key of its own."""
    return natural_id(entity, "made-up", str(seed), *map(str, key))
