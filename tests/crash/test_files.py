"""SIGKILL in the middle of sending a photo: it goes on where it was (S31)."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rollbook.domain.files import CHUNK_BYTES
from support.command_line import CommandLine

AtSchool = Callable[[str], list[Any]]
KILLED = -9


@pytest.mark.timeout(300)  # eight processes, on a busy computer
def test_s31_a_photo_survives_the_end_of_the_process_at_every_turn(
    ctl: CommandLine, at_school: AtSchool, tmp_path: Path
) -> None:
    photo, copy = tmp_path / "eleni.jpg", tmp_path / "copy"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + os.urandom(3 * CHUNK_BYTES))
    student = ctl.run("students", "add", "given_name=Ελένη").data["id"]
    assert ctl.run("photo", "set", student, str(photo), killed_at="client.save.committed").code == KILLED
    assert ctl.run("sync", killed_at="client.files.chunk_sent:2").code == KILLED
    assert len(at_school("SELECT 1 FROM file_chunk")) == 2
    assert at_school("SELECT 1 FROM student") == []  # its operation never goes before its chunks
    assert ctl.run("sync").data["up_to_date"] is True
    assert len(at_school("SELECT 1 FROM file_chunk")) == 5
    said = ctl.run("photo", "get", student, str(copy))
    assert (said.code, copy.read_bytes()) == (0, photo.read_bytes())
    assert ctl.run("photo", "set", student, str(tmp_path / "nothing")).data["error"] == "not-readable"
