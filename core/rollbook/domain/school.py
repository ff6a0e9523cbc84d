"""A school: the owner of every record. Kept by the server's administrator, read by everyone else."""

from dataclasses import dataclass

from rollbook.domain.entity import attribute, describe


@dataclass(frozen=True, slots=True)
class School:
    """A school as its staff see it."""

    name: str | None = attribute(required=True)
    time_zone: str | None = attribute(limit=60)
    language: str | None = attribute(limit=20)


SCHOOL = describe("school", School, writable=False, plural="schools")
