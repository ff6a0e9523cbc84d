"""H9: what the project needs lies in it: no file of it reads beside it, or names a machine or a registry."""

import re
import subprocess
from pathlib import Path

import pytest

from support.source_files import ROOT

# The system's own places (/usr, /etc, /tmp) are the same on every computer; people's and projects' are not.
OUTSIDE = re.compile(
    r"""\.\./shared | /work/ | (?<![\w.{}/])/(?:home|root|mnt|media|Users)/ | [A-Z]:\\Users\\ | file:///""",
    re.VERBOSE,
)
THIS_TEST = "tests/architecture/test_nothing_outside.py"


def test_h9_no_file_reads_outside_the_project() -> None:
    assert [f"{name}: {OUTSIDE.findall(text)}" for name, text in _texts() if OUTSIDE.search(text)] == []


@pytest.mark.parametrize(
    "text",
    ["open('../shared/data/x.csv')", "cd /work/main", "'/home/ada/x'", "(/root/.venv)", r"C:\Users\ada"],
)
def test_h9_a_place_outside_is_noticed(text: str) -> None:
    assert OUTSIDE.search(text)


@pytest.mark.parametrize(
    "text", ["/usr/lib/postgresql", "a/home/b", "resources/help/", "https://a.example/root/"]
)
def test_h9_a_place_inside_or_of_debian_is_allowed(text: str) -> None:
    assert not OUTSIDE.search(text)


def test_h9_no_link_leads_outside_the_project() -> None:
    links = [ROOT / name for name in _tracked() if (ROOT / name).is_symlink()]
    assert [str(link) for link in links if not link.resolve().is_relative_to(ROOT)] == []


def _texts() -> list[tuple[str, str]]:
    texts = []
    for name in _tracked():
        path = ROOT / name
        if name == THIS_TEST or not path.is_file():
            continue
        try:
            texts.append((name, path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue  # a picture or the like
    assert texts
    return texts


def _tracked() -> list[str]:
    """The project's files as git knows them, new ones too; where there is no git, those on disk."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listing.returncode == 0:
        return [name for name in listing.stdout.split("\0") if name]
    return [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if _is_source(path)]


def _is_source(path: Path) -> bool:
    return path.is_file() and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
