"""A bounded share of `dev.py load`: clients at once, two workers, the database restarted under them (R13)."""

import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text

from load import course, judge
from load.ledger import Ledger, Sample, faults_of_a_problem
from support.school_server import SchoolServer

CLIENTS = 20
SECONDS = 6.0
pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_r13_20_clients_lose_and_double_nothing_while_the_database_is_restarted(tmp_path: Path) -> None:
    went = course.run(tmp_path, clients=CLIENTS, seconds=SECONDS, restarts=["immediate"])
    assert went.faults == []
    assert len(went.ledger.acknowledged) > CLIENTS
    [restart] = went.restarts
    first, last = went.recovered(restart)
    assert max(first, last) < 10
    assert any(each.good and each.kind == "push" for each in went.ledger.samples if each.sent > restart.began)


def test_r13_the_judge_of_the_load_sees_what_is_absent_and_what_is_doubled(
    database: str, tmp_path: Path
) -> None:
    school = SchoolServer(database, tmp_path)
    desk = school.desk()
    made = [desk.create(given_name="Eleni") for _ in range(3)]
    desk.push(*made)
    mine = {each.op_id: each.entity_id for each in made}
    right = _others(school) | mine
    assert judge.faults(database, Ledger(acknowledged=right)) == []
    more = Ledger(acknowledged=right | {"never-stored": "no-record"})
    assert len(judge.faults(database, more)) == 4
    fewer = Ledger(acknowledged={op: each for op, each in right.items() if op != made[0].op_id})
    assert len(judge.faults(database, fewer)) == 4
    school.close()
    engine = create_engine(database)
    with engine.begin() as connection:
        twice = text("UPDATE history SET op_id = :one WHERE op_id = :other")
        connection.execute(twice, {"one": made[0].op_id, "other": made[1].op_id})
    engine.dispose()
    found = judge.faults(database, Ledger(acknowledged=right))
    assert [each.split(" are ")[1].split(",")[0] for each in found] == ["absent", "doubled"]


def _others(school: SchoolServer) -> dict[str, str]:
    """What is in the database already, of other tests of this module."""
    rows = school.rows("SELECT op_id, entity_id FROM history WHERE school_id <> :school")
    return {row.op_id: row.entity_id for row in rows}


def test_r13_an_answer_of_the_load_without_a_problem_body_is_a_fault() -> None:
    bare = httpx.Response(500, text="Internal Server Error")
    assert faults_of_a_problem(bare) == ["500 without a problem body: Internal Server Error"]
    ledger = Ledger()
    ledger.note(Sample("push", time.monotonic(), 0.1, 500), bare)
    ledger.note(Sample("push", time.monotonic(), 0.1, 0, "ReadError"), None)
    ledger.note(Sample("push", time.monotonic(), 0.1, 403, "forbidden"), httpx.Response(403))
    assert len(ledger.faults) == 3
