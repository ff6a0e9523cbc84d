"""Roles and what each may do. One table, asked by the server and shown by the window."""

from enum import StrEnum


class Role(StrEnum):
    """What a user is in a school."""

    ADMINISTRATOR = "administrator"
    REGISTRAR = "registrar"
    TEACHER = "teacher"
    VIEWER = "viewer"
    SUPPORT = "support"


class Right(StrEnum):
    """What a role may be allowed to do."""

    READ_STUDENTS = "read_students"
    WRITE_STUDENTS = "write_students"
    ADMINISTER = "administer"
    DIAGNOSE = "diagnose"
    DECIDE_PROPOSALS = "decide_proposals"
    READ_CARE = "read_care"
    WRITE_CARE = "write_care"
    READ_MARKS = "read_marks"
    WRITE_MARKS = "write_marks"
    SET_UP = "set_up"
    MARK_FOR_OFFICE = "mark_for_office"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMINISTRATOR: frozenset(Right),
    Role.REGISTRAR: frozenset(Right) - {Right.ADMINISTER, Right.DIAGNOSE},
    Role.TEACHER: frozenset({Right.READ_STUDENTS, Right.READ_MARKS, Right.WRITE_MARKS}),
    Role.VIEWER: frozenset({Right.READ_STUDENTS, Right.READ_MARKS}),
    Role.SUPPORT: frozenset({Right.DIAGNOSE}),
}


def rights_of(role: str) -> frozenset[Right]:
    """The rights of a role as kept; a role that this version does not know has none."""
    return RIGHTS[Role(role)] if role in set(Role) else frozenset()
