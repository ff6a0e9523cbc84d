"""SIGKILL around the taking of a number: no entry lost, no number given twice (S16)."""

from collections.abc import Callable
from typing import Any

from support.command_line import CommandLine

AtSchool = Callable[[str], list[Any]]


def test_s16_a_kill_around_the_commit_neither_loses_nor_doubles_a_number(
    ctl: CommandLine, at_school: AtSchool
) -> None:
    def add(name: str, killed_at: str | None = None) -> Any:
        arguments = ("students", "add", f"given_name={name}", "--number", "next")
        return ctl.run(*arguments, killed_at=killed_at)

    assert ctl.run("sync").data["up_to_date"] is True
    add("Άννα", killed_at="client.save.before_commit")
    add("Νίκος", killed_at="client.save.committed")
    said = add("Ελένη")
    assert {student["given_name"]: student["student_number"] for student in ctl.students()} == {
        "Νίκος": "1",  # the first was never saved, so its number is still free
        "Ελένη": "2",
    }
    assert said.data["student_number"] == "2"
    assert ctl.run("sync").data["up_to_date"] is True
    found = at_school("SELECT given_name, student_number FROM student ORDER BY student_number")
    assert found == [("Νίκος", "1"), ("Ελένη", "2")]
