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


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMINISTRATOR: frozenset(Right),
    Role.REGISTRAR: frozenset({Right.READ_STUDENTS, Right.WRITE_STUDENTS, Right.DECIDE_PROPOSALS}),
    Role.TEACHER: frozenset({Right.READ_STUDENTS}),
    Role.VIEWER: frozenset({Right.READ_STUDENTS}),
    Role.SUPPORT: frozenset({Right.DIAGNOSE}),
}
