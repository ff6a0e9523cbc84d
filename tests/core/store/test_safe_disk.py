"""The cache's disk never unpickles and never leaves its folder (R9, CVE-2025-69872)."""

import pickle
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from diskcache import Cache
from diskcache.core import MODE_BINARY, MODE_PICKLE, MODE_RAW, MODE_TEXT

from rollbook.store.cache_folder import open_cache
from rollbook.store.safe_disk import DamagedCacheError, SafeDisk


class Payload:
    """Unpickled, it makes a file: the attacker's program has run."""

    def __init__(self, proof: Path) -> None:
        self._proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self._proof,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "account" / "cache"


@pytest.fixture
def cache(folder: Path) -> Iterator[Cache]:
    cache = open_cache(folder, 1)
    yield cache
    cache.close()


def tamper(folder: Path, statement: str, *values: Any) -> None:
    with sqlite3.connect(folder / "cache.db") as connection:
        connection.execute(statement, values)
    connection.close()


def test_r9_the_payload_of_these_tests_works_on_diskcache_itself(tmp_path: Path) -> None:
    """Else the tests below would prove nothing."""
    with Cache(str(tmp_path / "plain")) as plain:
        plain["key"] = b"value"
        payload = pickle.dumps(Payload(tmp_path / "proof"))
        plain._sql("UPDATE Cache SET mode = ?, value = ?", (MODE_PICKLE, payload))
        plain.get("key")
    assert (tmp_path / "proof").exists()


def test_r9_a_row_tampered_to_be_a_pickle_is_never_unpickled(
    cache: Cache, folder: Path, tmp_path: Path
) -> None:
    proof = tmp_path / "proof"
    cache.set("key", b"value")
    tamper(folder, "UPDATE Cache SET mode = ?, value = ?", MODE_PICKLE, pickle.dumps(Payload(proof)))
    with pytest.raises(DamagedCacheError):
        cache.get("key")
    with pytest.raises(DamagedCacheError):
        cache.pop("key")
    assert not proof.exists()


def test_r9_a_pickle_in_a_file_is_never_unpickled(cache: Cache, folder: Path, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    cache.set("key", b"v" * 100_000)
    [file] = folder.rglob("*.val")
    file.write_bytes(pickle.dumps(Payload(proof)))
    assert cache.get("key") == pickle.dumps(Payload(proof))  # bytes are bytes, whatever they say
    tamper(folder, "UPDATE Cache SET mode = ?", MODE_PICKLE)
    with pytest.raises(DamagedCacheError):
        cache.get("key")
    assert not proof.exists()


def test_r9_a_pickled_key_is_never_unpickled(cache: Cache, folder: Path, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    cache.set("key", b"value")
    tamper(folder, "UPDATE Cache SET raw = 0, key = ?", pickle.dumps(Payload(proof)))
    with pytest.raises(DamagedCacheError):
        list(cache)
    assert not proof.exists()


@pytest.mark.parametrize("value", [{"a": 1}, "text", 7, None, object(), bytearray(b"x")])
def test_r9_what_would_be_pickled_is_refused(cache: Cache, value: object) -> None:
    with pytest.raises(TypeError):
        cache.set("key", value)
    assert len(cache) == 0


@pytest.mark.parametrize("key", [1, 1.5, b"key", ("a", "b"), None])
def test_r9_only_text_is_a_key(cache: Cache, key: object) -> None:
    with pytest.raises(TypeError):
        cache.set(key, b"value")


@pytest.mark.parametrize("mode", [MODE_RAW, MODE_BINARY, MODE_TEXT, MODE_PICKLE, 9])
def test_r9_a_file_outside_is_never_read(cache: Cache, folder: Path, tmp_path: Path, mode: int) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"the secret")
    cache.set("key", b"value")
    for name in ("../../secret", str(secret), "ab/../../../secret"):
        tamper(folder, "UPDATE Cache SET mode = ?, filename = ?, value = NULL", mode, name)
        with pytest.raises(DamagedCacheError):
            cache.get("key")


@pytest.mark.parametrize("name", ["../../victim", "ab/cd/../../../../victim", "cache.db", "\\..\\victim"])
def test_r9_a_file_outside_is_never_deleted(cache: Cache, folder: Path, tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"still here")
    cache.set("key", b"value")
    tamper(folder, "UPDATE Cache SET filename = ?", name)
    with pytest.raises(DamagedCacheError):
        cache.delete("key")
    assert victim.read_bytes() == b"still here"
    assert (folder / "cache.db").exists()


def test_r9_a_link_does_not_lead_outside(cache: Cache, folder: Path, tmp_path: Path) -> None:
    cache.set("key", b"v" * 100_000)
    [file] = folder.rglob("*.val")
    outside = tmp_path / "outside" / file.parent.name
    outside.mkdir(parents=True)
    (outside / file.name).write_bytes(b"the secret")
    file.unlink()
    file.parent.rmdir()
    file.parent.symlink_to(outside)
    with pytest.raises(DamagedCacheError):
        cache.get("key")
    with pytest.raises(DamagedCacheError):
        cache.delete("key")
    assert (outside / file.name).exists()


def test_r9_large_values_go_to_files_and_leave_with_their_row(cache: Cache, folder: Path) -> None:
    cache.set("key", b"v" * 100_000)
    assert cache.get("key") == b"v" * 100_000
    assert len(list(folder.rglob("*.val"))) == 1
    cache.set("key", b"small")
    assert cache.get("key") == b"small"
    assert list(folder.rglob("*.val")) == []
    assert [each for each in folder.iterdir() if each.is_dir()] == []


def test_r9_the_folder_is_the_owners_alone(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)
    open_cache(folder, 1).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("INSERT INTO Settings VALUES ('disk__directory', '/etc')", ()),
        ("INSERT INTO Settings VALUES ('get', 1)", ()),
        ("UPDATE Settings SET value = 'many' WHERE key = 'count'", ()),
        ("UPDATE Cache SET mode = 4", ()),
        ("UPDATE Cache SET raw = 0", ()),
        ("UPDATE Cache SET key = x'80'", ()),
        ("UPDATE Cache SET filename = '../../victim'", ()),
        ("UPDATE Cache SET value = 'text'", ()),
    ],
)
def test_r9_a_tampered_file_is_not_even_opened(folder: Path, statement: str, values: tuple[Any, ...]) -> None:
    with open_cache(folder, 1) as cache:
        cache.set("key", b"value")
    open_cache(folder, 1).close()  # untouched, it opens
    tamper(folder, statement, *values)
    with pytest.raises(DamagedCacheError):
        open_cache(folder, 1)


def test_r9_settings_in_the_file_change_nothing(folder: Path) -> None:
    open_cache(folder, 1).close()
    tamper(folder, "UPDATE Settings SET value = 'x' WHERE key IN ('disk_min_file_size', 'eviction_policy')")
    with open_cache(folder, 1) as cache:
        cache.set("key", b"value")
        assert cache.get("key") == b"value"
        assert isinstance(cache.disk, SafeDisk)
