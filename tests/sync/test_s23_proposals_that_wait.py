"""A registrar is told how many proposals wait, as of when the school said so, and nobody else is (S23)."""

import sqlite3
from datetime import datetime

from rollbook.domain.roles import Role
from support.changing_roles import decide, set_role
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

from .conftest import MakeDesk


def hand_over(school: SchoolServer, make_desk: MakeDesk, entries: int) -> ClientDesk:
    """A user who may only read by now, with so many entries at the registrar's."""
    owner = make_desk()
    owner.sync()
    for number in range(entries):
        owner.add(given_name=f"Student {number}")
    set_role(school, owner, Role.VIEWER)
    assert owner.sync().handed_over == entries
    return owner


def test_s23_the_sync_tells_a_registrar_how_many_proposals_wait(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    assert (registrar.sync().proposals, registrar.client.status().proposals_at is None) == (0, False)
    owner = hand_over(school, make_desk, 2)
    status = registrar.sync()
    assert (status.proposals, status.up_to_date, status.needs_you) == (2, True, 0)
    assert status.proposals_at == status.last_synced_at
    decide(registrar, 1, accept=False)
    assert registrar.sync().proposals == 1
    decide(registrar, 2, accept=True)
    assert registrar.sync().proposals == 0
    assert (owner.sync().proposals, owner.client.status().proposals_at) == (0, None)


def test_s24_offline_the_count_is_told_with_the_moment_of_which_it_is(
    school: SchoolServer, make_desk: MakeDesk
) -> None:
    registrar = make_desk()
    hand_over(school, make_desk, 1)
    registrar.sync()
    before = registrar.client.status()
    registrar.crash()  # nothing was asked yet: what is told is from the store
    status = registrar.client.status()
    assert status.connection != "online"
    assert (status.proposals, status.proposals_at) == (1, before.proposals_at)
    assert status.proposals_at is not None
    assert datetime.fromisoformat(status.proposals_at).tzinfo is not None


def test_s23_one_who_decides_no_more_is_told_of_none(school: SchoolServer, make_desk: MakeDesk) -> None:
    registrar = make_desk()
    hand_over(school, make_desk, 1)
    assert registrar.sync().proposals == 1
    set_role(school, registrar, Role.TEACHER)
    assert (registrar.sync().proposals, registrar.client.status().proposals_at) == (0, None)


def test_s17_counting_what_is_open_reads_no_decided_one(school: SchoolServer) -> None:
    file = str(school.parts.database.engine.url.database)
    query = "SELECT count(*) FROM proposal WHERE school_id = ? AND state = ? AND entity IN (?)"
    with sqlite3.connect(file) as connection:
        [plan] = connection.execute(f"EXPLAIN QUERY PLAN {query}", ("a", "open", "student")).fetchall()
    assert "ix_proposal_state (school_id=? AND state=?)" in plan[-1]
