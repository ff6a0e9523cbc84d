"""The house: one lock, with hashes and without any registry address."""

import re
import tomllib

from support.source_files import ROOT

LOCK = ROOT / "packaging" / "requirements.lock"
PINNED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==[^\s;]+( ; .+?)?( --hash=sha256:[0-9a-f]{64})+$")
ADDRESS = re.compile(r"://|index-url|find-links|trusted-host")


def test_house_every_line_of_the_lock_pins_one_version_with_its_hashes() -> None:
    assert [line for line in _lines() if not PINNED.match(line)] == []


def test_house_the_lock_names_no_address() -> None:
    assert ADDRESS.findall(LOCK.read_text("utf-8")) == []


def test_house_lines_without_hash_or_with_an_address_are_noticed() -> None:
    assert not PINNED.match("httpx==0.28.1")
    assert not PINNED.match("httpx>=0.28 --hash=sha256:" + "0" * 64)
    assert not PINNED.match("httpx @ https://a.example/httpx.whl --hash=sha256:" + "0" * 64)
    assert ADDRESS.search("--index-url https://a.example/simple")


def test_house_the_lock_holds_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = {re.split(r"[\s<>=!~;\[]", each)[0].lower().replace("_", "-") for each in asked}
    locked = {found["name"] for found in map(PINNED.match, _lines()) if found}
    assert names - locked == set()


def _lines() -> list[str]:
    """The requirements, each on one line; comments left out."""
    joined = LOCK.read_text("utf-8").replace("\\\n", " ")
    lines = [re.sub(r" +", " ", line).strip() for line in joined.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]
