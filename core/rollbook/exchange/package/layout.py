"""How a file of a package gives records: which column is which field, which row is meant (D8, H1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Columns = tuple[tuple[str, str], ...]
"""Heading and field. Where two headings give one field, the first that says something counts."""
Words = Mapping[str, Mapping[str, str]]
"""By field, the package's words and ours."""

MORE = "metadata.rollbook."
"""The beginning of the headings of what OneRoster has no column for; the rest is the field's name."""
FILLED = MORE + "filled"
"""The headings of a row's cells that hold something only because the standard wants one; ``*``: all of it."""

YES_NO_WORDS: Mapping[str, str] = {"true": "yes", "false": "no"}


@dataclass(frozen=True, slots=True)
class UsedBy:
    """In ``file``, ``this`` names the record and ``by`` who uses it, which is its ``field`` here."""

    file: str
    this: str
    by: str
    field: str


def of_user(sourced_id: str, user_id: str) -> str:
    """The id of what a package has once and is kept here for each that uses it."""
    return f"{sourced_id}@{user_id}"


@dataclass(frozen=True, slots=True)
class Layout:
    """One file's rows as records of one entity. A file may have several: users are students, staff, contacts.

    ``key`` are the headings whose cells are the record's id in the package; without any it is known by what
    it names. ``roles`` are those of the people whose rows are meant; empty means every row. ``embedded``:
    told again in many rows, as a course in each of its sections. ``supplements``: more of records that
    another file has. ``each_of`` is a heading whose cell names several records: each makes one. ``given``
    are values of every row. ``only_new`` fields are given to new records alone. ``needs``: a row without that
    cell is passed over. ``used_by``: what the package has once is made for each class that uses it;
    ``within``: a field names such a record of the class in the other field. ``role_gives``: the role of the
    person in the first field is a value of the second.
    """

    file: str
    entity: str
    columns: Columns
    key: tuple[str, ...] = ("sourcedId",)
    words: Words = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    embedded: bool = False
    supplements: bool = False
    each_of: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    only_new: frozenset[str] = frozenset()
    needs: str = ""
    used_by: "UsedBy | None" = None
    within: Mapping[str, str] = field(default_factory=dict)
    role_gives: tuple[str, str] | None = None

    @property
    def stem(self) -> str:
        """The file's name as packages are asked for it."""
        return self.file.lower()


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of package. ``source_system`` says where its ids are from (S16).

    ``schools`` is the file of schools, ``school_columns`` the headings that name one, ``roles`` the file in
    which the roles of users may stand. ``derived`` headings say nothing that is lost. ``month_first``: dates
    with the year last begin with the month.
    """

    name: str
    source_system: str
    layouts: tuple[Layout, ...]
    schools: str = "orgs"
    school_name: str = "name"
    school_key: str = "sourcedId"
    school_columns: tuple[str, ...] = ()
    roles: str = ""
    derived: frozenset[str] = frozenset()
    month_first: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that are read, as the format spells them."""
        named = (self.schools, self.roles, *(layout.file for layout in self.layouts))
        return tuple(dict.fromkeys(name for name in named if name))
