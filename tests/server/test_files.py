"""Photos as content-addressed chunks, each school's by itself (S31)."""

import os
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from rollbook.domain.files import CHUNK_BYTES, FileValue, divided, hash_of
from rollbook.domain.roles import Role
from rollbook.server.files import sweeping
from support.school_server import Desk, SchoolServer, record_of

JPEG = b"\xff\xd8\xff\xe0"


def _photo(size: int = 3 * CHUNK_BYTES + 17) -> tuple[FileValue, dict[str, bytes]]:
    return divided(JPEG + os.urandom(size - len(JPEG)))


def _put(desk: Desk, name: str, content: bytes) -> int:
    headers = {"Content-Type": "application/octet-stream"}
    return desk.call("PUT", f"/api/v1/files/chunks/{name}", headers=headers, content=content).status_code


def _missing(desk: Desk, *names: str) -> list[str]:
    answer = desk.call("POST", "/api/v1/files/missing", json={"hashes": list(names)})
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.json()["missing"]
    return found


def _send(desk: Desk, parts: dict[str, bytes]) -> None:
    for name, content in parts.items():
        assert _put(desk, name, content) == 204


def test_s31_chunks_that_are_there_are_told_and_come_back_as_they_were(school: SchoolServer) -> None:
    desk = school.desk()
    _value, parts = _photo()
    first, *others = parts
    assert _missing(desk, *parts) == list(parts)
    assert (_put(desk, first, parts[first]), _put(desk, first, parts[first])) == (204, 204)
    assert _missing(desk, *parts) == others
    assert desk.call("GET", f"/api/v1/files/chunks/{first}").content == parts[first]


def test_s31_contents_that_are_not_what_the_address_names_are_refused(school: SchoolServer) -> None:
    desk = school.desk()
    assert _put(desk, hash_of(b"one"), b"other") == 422
    assert _put(desk, "x", b"other") == 422
    large = b"0" * (CHUNK_BYTES + 1)
    assert _put(desk, hash_of(large), large) == 422
    assert school.rows("SELECT 1 FROM file_chunk WHERE school_id = :school") == []


def test_s31_an_operation_waits_for_its_chunks_and_is_never_parked(school: SchoolServer) -> None:
    desk = school.desk()
    value, parts = _photo()
    create = desk.create(given_name="Eleni", photo=str(value))
    [early] = desk.push(create)
    assert (early.outcome, early.problem and early.problem.error) == ("failed", "file-missing")
    *most, last = parts
    _send(desk, {name: parts[name] for name in most})
    assert desk.push(create)[0].outcome == "failed"
    assert _put(desk, last, parts[last]) == 204
    [result] = desk.push(create)
    assert result.outcome == "applied"
    assert record_of(result)["photo"] == str(value)


def test_s31_a_file_that_is_not_what_its_value_says_is_refused(school: SchoolServer) -> None:
    desk = school.desk()
    value, parts = _photo()
    _send(desk, parts)
    for wrong in (replace(value, size=value.size - 1), replace(value, media_type="image/png")):
        [result] = desk.push(desk.create(given_name="Eleni", photo=str(wrong)))
        assert result.outcome == "rejected"
    no_manifest = next(name for name in parts if name != value.manifest)
    for wrong in (replace(value, manifest=no_manifest), replace(value, media_type="text/html")):
        [result] = desk.push(desk.create(given_name="Eleni", photo=str(wrong)))
        assert result.outcome == "rejected"


def test_s31_another_schools_file_is_neither_read_nor_told_of(school: SchoolServer) -> None:
    desk = school.desk()
    value, parts = _photo()
    _send(desk, parts)
    other_school = SchoolServer(school.settings.database, _folder(school))
    try:
        other = other_school.desk(Role.ADMINISTRATOR)
        assert _missing(other, *parts) == list(parts)
        for name in parts:
            answer = other.call("GET", f"/api/v1/files/chunks/{name}")
            assert (answer.status_code, answer.json()["error"]) == (404, "not-found")
        [result] = other.push(other.create(given_name="Eleni", photo=str(value)))
        assert (result.outcome, result.problem and result.problem.error) == ("failed", "file-missing")
    finally:
        other_school.close()


@pytest.mark.parametrize(("role", "reads"), [(Role.VIEWER, 200), (Role.SUPPORT, 403)])
def test_s31_who_may_not_write_sends_nothing_and_support_sees_nothing(
    school: SchoolServer, role: Role, reads: int
) -> None:
    _value, parts = _photo()
    name, content = next(iter(parts.items()))
    _send(school.desk(), {name: content})
    desk = school.desk(role)
    assert _put(desk, name, content) == 403
    assert _missing(desk, *parts) == []  # nothing is awaited of them, and they learn of nothing
    assert desk.call("GET", f"/api/v1/files/chunks/{name}").status_code == reads


def test_s31_beyond_its_quota_a_school_keeps_no_more(school: SchoolServer) -> None:
    small = SchoolServer(school.settings.database, _folder(school), file_quota_bytes=CHUNK_BYTES)
    try:
        desk = small.desk()
        assert _put(desk, hash_of(b"0" * CHUNK_BYTES), b"0" * CHUNK_BYTES) == 204
        refused = desk.call(
            "PUT",
            f"/api/v1/files/chunks/{hash_of(b'1')}",
            headers={"Content-Type": "application/octet-stream"},
            content=b"1",
        )
        assert (refused.status_code, refused.json()["error"]) == (409, "file-quota-full")
    finally:
        small.close()


def test_s31_what_no_record_names_for_long_is_swept_and_nothing_else(school: SchoolServer) -> None:
    desk = school.desk()
    value, kept = _photo()
    _other, dropped = _photo()
    _send(desk, kept | dropped)
    desk.student(photo=str(value))

    def sweep(day: int) -> int:
        named = school.parts.database.read(lambda connection: sweeping.named(connection, school.school_id))
        removed: int = school.write(
            lambda connection: sweeping.sweep(connection, school.school_id, named, day, days=10)
        )
        return removed

    assert (sweep(100), sweep(105)) == (0, 0)
    wanted = next(iter(dropped))
    assert _missing(desk, wanted) == []  # a desk is about to name it: it starts anew
    assert sweep(110) == len(dropped) - 1
    assert _missing(desk, *kept) == []
    assert (sweep(115), sweep(130)) == (0, 1)
    assert _missing(desk, wanted, str(uuid.uuid4())) != []


def _folder(school: SchoolServer) -> Path:
    return Path(school.settings.log_dir).parent
