"""Histories run one after the other, or on several processes; each is its seed's own, whoever runs it."""

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from faults.cheap import make_cheap
from faults.history import run
from faults.story import Told
from faults.template import Template, make_template

_MEMORY = Path("/dev/shm")
_CRITICAL = 50

_template: Template | None = None
_cheap: list[bool] = []


@contextmanager
def a_template() -> Iterator[Template]:
    """A school and its desks in a folder that lies in memory where the system has such a place."""
    alone()
    folder = Path(tempfile.mkdtemp(prefix="rollbook-faults-", dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        yield make_template(folder / "template")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def told(template: Template, seed: int, numbers: Iterable[int], jobs: int = 1) -> Iterator[tuple[int, Told]]:
    """The histories of those numbers, in their order, as each is finished."""
    tasks = ((seed, number) for number in numbers)
    if jobs == 1:
        _begin(template)
        yield from map(_one, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, _begin, (template,)) as pool:
        yield from pool.imap(_one, tasks)


def one(template: Template, seed: int, number: int) -> Told:
    """The history of that number."""
    return run(template, template.folder.parent / f"run{os.getpid()}", f"{seed}:{number}")


def alone() -> None:
    """Nothing of this user's surroundings: no proxies, no logs, no settings."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or (name.startswith("ROLLBOOK_") and "TEST" not in name):
            del os.environ[name]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(_CRITICAL))


def _begin(template: Template) -> None:
    global _template
    _template = template
    alone()
    if not _cheap:
        make_cheap()
        _cheap.append(True)


def _one(task: tuple[int, int]) -> tuple[int, Told]:
    seed, number = task
    assert _template is not None
    return number, one(_template, seed, number)
