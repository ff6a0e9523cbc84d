"""A desk of the made-up school has all of it, and finds it sound (S20, S21)."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection

from rollbook.client.values import RecordQuery
from rollbook.domain.default_set_up import default_set_up
from rollbook.domain.roles import Role
from rollbook.server.demo.whole_school import made_up_school
from rollbook.server.sync.new_records import store_new
from support.client_desk import ClientDesk
from support.school_server import SchoolServer

TODAY = date(2026, 11, 27)
MakeDesk = Callable[..., ClientDesk]


def test_s20_a_desk_of_the_made_up_school_has_all_of_it(school: SchoolServer, make_desk: MakeDesk) -> None:
    own = school.school_id
    records = [*default_set_up(own), *made_up_school(60, 1, TODAY, own)]

    def store(connection: Connection) -> int:
        return store_new(connection, school.clock, own, records)

    school.write(store)
    desk: ClientDesk = make_desk(school.user(Role.ADMINISTRATOR))
    desk.sync()
    assert desk.client.verify() == []
    for entity in {entity for entity, _id, _values in records}:
        wanted = sum(each == entity for each, _id, _values in records)
        assert sum(1 for _ in desk.client.every_record(entity)) == wanted, entity
    [taken] = desk.client.records(RecordQuery("register_taken", sort="date", descending=True, limit=1)).rows
    register = desk.client.registers.read(taken.values["section_id"], TODAY.isoformat())
    assert register.lines
    assert not register.taken  # today's is left to whoever tries it
    assert desk.client.registers.read(register.section_id, taken.values["date"]).taken
