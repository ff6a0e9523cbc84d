"""R20: what the guides name is there: commands and options, settings, codes, addresses, other guides."""

import dataclasses
import os
import re
import subprocess
import sys
from functools import lru_cache

import pytest

from rollbook.contract.problems import PROBLEM_TYPES
from rollbook.domain.student import STUDENT
from rollbook.help_guides import GUIDES, Guide, anchor, guide, guides
from rollbook.resilience.settings import ResilienceSettings
from rollbook.server.app import create_app
from rollbook.server.metrics import Metrics
from rollbook.server.settings import Settings
from rollbook.sync.settings import SyncSettings
from support.source_files import ROOT

MODULES = {"rollbook-server": "rollbook.server", "rollbookctl": "rollbook.cli"}
FENCED = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
OPTION = re.compile(r"(--[a-z-]+)")
ENVIRONMENT = re.compile(r"\bROLLBOOK_([A-Z_]+)\b")
NAME = re.compile(r"^([a-z]+(?:_[a-z]+)+)$")
CODE = re.compile(r"^([a-z]+(?:-[a-z]+)+)$")
ADDRESS = re.compile(r"(?:^|:\d+)(/[a-z0-9/_{}]+)$")
HELP_IN_WORDS = re.compile(r"Help, “([^”]+)”, “([^”]+)”")
OF_OTHERS = {"max_connections", "pg_dump", "pg_restore", "in_use", "duration_ms"}
"""PostgreSQL's, a label of our metrics, a word of our log."""
OF_THE_NETWORK = {"name-not-found", "tls-failed"}
"""Codes of the client's border, which `tests/core/api/test_faults.py` makes happen."""
ELSEWHERE = {"SETTINGS", "KEYRING", "THEME"}
"""Read by themselves, not as fields of the settings."""


def pieces(text: str) -> list[str]:
    """Each line of code blocks and each word in code letters."""
    blocks = [line for block in FENCED.findall(text) for line in block.splitlines() if line.strip()]
    return blocks + SPAN.findall(FENCED.sub("", text))


def commands() -> dict[tuple[str, ...], set[str]]:
    """Each command of ours that the guides give, with all options that they give it."""
    found: dict[tuple[str, ...], set[str]] = {}
    for each in guides():
        for piece in pieces(each.text):
            program, *words = piece.split()
            if program in MODULES:
                found.setdefault((program, *leading(words)), set()).update(OPTION.findall(piece))
    return found


def settings_names() -> set[str]:
    """Every setting of the server and of the client."""
    kinds = (Settings, ResilienceSettings, SyncSettings)
    return {field.name for kind in kinds for field in dataclasses.fields(kind)}


@lru_cache
def help_of(*command: str) -> tuple[int, str]:
    """The exit code of the command with ``--help``, and what it says."""
    program, *words = command
    line = [sys.executable, "-m", MODULES[program], *words, "--help"]
    wide = {**os.environ, "COLUMNS": "200"}
    ran = subprocess.run(line, capture_output=True, text=True, check=False, env=wide)
    return ran.returncode, ran.stdout + ran.stderr


def leading(words: list[str]) -> list[str]:
    """The command and its verb: words before the first argument; an option before them takes a value."""
    named = list(words)
    while named and named[0].startswith("--"):
        named = named[2:]
    lower = []
    for word in named[:2]:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        lower.append(word)
    return lower


@pytest.mark.parametrize("command", sorted(commands()), ids=" ".join)
def test_r20_a_command_of_a_guide_exists_with_its_options(command: tuple[str, ...]) -> None:
    code, said = help_of(*command)
    assert code == 0, said
    assert all(re.search(rf"\b{word}\b", said) for word in command[1:])
    known = said + help_of(command[0])[1]
    assert {option for option in commands()[command] if option not in known} == set()


def test_r20_enough_commands_are_looked_at_and_a_made_up_one_is_noticed() -> None:
    assert len(commands()) >= 25
    assert sum(map(len, commands().values())) >= 8
    assert help_of("rollbookctl", "conflicts", "guess")[0] == 2
    assert help_of("rollbook-server", "undo")[0] == 2
    assert not re.search(r"\bfly\b", help_of("rollbook-server", "recovery")[1])
    assert leading(["--server", "ADDRESS", "sync"]) == ["sync"]
    assert leading(["conflicts", "show", "ID"]) == ["conflicts", "show"]


@pytest.mark.parametrize("key", GUIDES)
def test_r20_settings_codes_and_addresses_of_a_guide_exist(key: str) -> None:
    routes = set(create_app(Settings().with_places()).openapi()["paths"])
    known = settings_names() | OF_OTHERS | set(STUDENT.names)
    metrics = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in Metrics()._registry.collect()
    }
    unknown: list[str] = []
    for piece in pieces(guide(key).text):
        named = [name for name in ENVIRONMENT.findall(piece) if name not in ELSEWHERE]
        unknown += [name for name in named if name.lower() not in known]
        unknown += [name for name in NAME.findall(piece) if name not in known | metrics]
        unknown += [code for code in CODE.findall(piece) if code not in {*PROBLEM_TYPES, *OF_THE_NETWORK}]
        unknown += [path for path in ADDRESS.findall(piece) if path not in routes]
    assert unknown == []


def test_r20_links_lead_to_guides_and_headings_that_are_there() -> None:
    lost = []
    for each in guides():
        for link in LINK.findall(each.text):
            file, _mark, heading = link.partition("#")
            target = each if not file else _guide_of(file)
            if target is None or (heading and heading not in anchors(target)):
                lost.append(f"{each.key}: {link}")
    assert lost == []
    assert sum(len(LINK.findall(each.text)) for each in guides()) >= 7


def test_r20_every_file_of_the_help_is_listed_and_every_guide_is_a_file() -> None:
    assert {file.stem for file in (ROOT / "resources" / "help").glob("*.md")} == set(GUIDES)
    assert all(each.title and len(each.text) > 500 for each in guides())


def test_r20_what_a_problem_says_of_the_help_is_there() -> None:
    said = [HELP_IN_WORDS.findall(row.suggestion) for row in PROBLEM_TYPES.values()]
    named = [pair for pairs in said for pair in pairs]
    assert len(named) >= 5
    headings = {each.title: {found.strip() for found in HEADING.findall(each.text)} for each in guides()}
    assert [pair for pair in named if pair[1] not in headings.get(pair[0], ())] == []
    assert sum("Help, “" in row.suggestion for row in PROBLEM_TYPES.values()) == len(named)


def test_r20_the_guides_say_nothing_in_html_and_load_nothing() -> None:
    for each in guides():
        outside_code = FENCED.sub("", SPAN.sub("", each.text))
        assert not re.search(r"<[a-z/!]|!\[|https?://", outside_code), each.key


def anchors(target: Guide) -> set[str]:
    """What links may call the headings of a guide."""
    return {anchor(found) for found in HEADING.findall(target.text)}


def _guide_of(file: str) -> Guide | None:
    key = file.removesuffix(".md")
    return guide(key) if key in GUIDES and file.endswith(".md") else None
