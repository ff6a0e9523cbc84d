"""H7: what may import what. The contracts are in pyproject.toml; here each is seen to hold and to bite."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.source_files import ROOT, imported, python_files

# A file that may not say this, and the contract that says so.
VIOLATIONS = [
    ("rollbook_desktop/windows", "rollbook.client", "H7 the window's screens never import the core"),
    ("rollbook_desktop/widgets", "rollbook.domain", "H7 the window's screens never import the core"),
    ("rollbook_desktop/windows", "rollbook_desktop.bridge", "H7 the window's screens never import the core"),
    ("rollbook_desktop/viewmodels", "rollbook.store", "H3 the window imports the facade, never the engine"),
    ("rollbook_desktop/bridge", "rollbook.sync", "H3 the window imports the facade, never the engine"),
    ("rollbook/sync", "httpx", "H7 only api and server.outside speak HTTP"),
    ("rollbook/server", "httpx", "H7 only api and server.outside speak HTTP"),
    ("rollbook_desktop/bridge", "httpx", "H7 only api and server.outside speak HTTP"),
    ("rollbook/client", "PySide6.QtCore", "H7 the core never imports Qt"),
    ("rollbook/domain", "rollbook_desktop", "H7 the core never imports Qt"),
    ("rollbook/cli", "rollbook.store.errors", "H7 the command line knows the facade alone"),
    ("rollbook/cli", "rollbook.server", "H7 the client side never imports the server"),
    ("rollbook_desktop/bridge", "rollbook.server", "H7 the client side never imports the server"),
    ("rollbook/server", "rollbook.store", "H7 the server never imports the client side"),
    ("rollbook/resilience", "rollbook.domain.student", "H7 resilience knows no school"),
    ("rollbook/exchange", "rollbook.schema", "H7 reading and writing files needs only the school"),
    ("rollbook/store", "rollbook.resilience", "H7 what is kept and what is sent know no retries"),
    ("rollbook/api", "sqlalchemy", "H7 the network's door knows no tables"),
    ("rollbook/domain", "rollbook.contract", "H7 layers of the core"),
    ("rollbook/store", "rollbook.api", "H7 layers of the core"),
    ("rollbook_desktop/viewmodels", "rollbook_desktop.windows", "H7 layers of the window"),
    ("rollbook_desktop/widgets", "rollbook_desktop.viewmodels", "H7 layers of the window"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both packages and the contracts, where a violation does no harm."""
    place = tmp_path_factory.mktemp("contracts")
    only_code = shutil.ignore_patterns("__pycache__", "resources")
    shutil.copytree(ROOT / "core" / "rollbook", place / "rollbook", ignore=only_code)
    shutil.copytree(ROOT / "desktop" / "rollbook_desktop", place / "rollbook_desktop", ignore=only_code)
    shutil.copy(ROOT / "pyproject.toml", place)
    return place


def test_h7_the_import_contracts_hold(copy: Path) -> None:
    code, said = _lint(copy)
    assert (code, "0 broken" in said) == (0, True), said


@pytest.mark.parametrize(("folder", "module", "contract"), VIOLATIONS)
def test_h7_a_forbidden_import_is_noticed(copy: Path, folder: str, module: str, contract: str) -> None:
    violation = copy / folder / "a_violation.py"
    violation.write_text(f"import {module}\n", "utf-8")
    try:
        code, said = _lint(copy)
    finally:
        violation.unlink()
    assert code == 1
    assert f"{contract} BROKEN" in said


def test_h7_a_package_without_a_place_is_noticed(copy: Path) -> None:
    stray = copy / "rollbook" / "stray"
    stray.mkdir()
    (stray / "__init__.py").write_text("", "utf-8")
    try:
        code, said = _lint(copy)
    finally:
        shutil.rmtree(stray)
    assert code == 1
    assert "H7 layers of the core" in said


def test_h7_every_contract_is_seen_to_bite() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    contracts = {
        line.split('"')[1] for line in text.splitlines() if line.startswith(('name = "H7', 'name = "H3'))
    }
    assert contracts == {contract for _, _, contract in VIOLATIONS}


def test_h3_view_models_and_bridge_know_no_widgets() -> None:
    # import-linter sees all of PySide6 as one module.
    files = python_files("desktop/rollbook_desktop/viewmodels", "desktop/rollbook_desktop/bridge")
    assert files
    assert [path.name for path in files if "PySide6.QtWidgets" in imported(path.read_text("utf-8"))] == []


def test_h3_a_widget_in_a_view_model_is_noticed() -> None:
    assert "PySide6.QtWidgets" in imported("def f():\n    from PySide6.QtWidgets import QLabel\n")
    assert "PySide6.QtWidgets" in imported("from PySide6 import QtCore, QtWidgets\n")


def _lint(place: Path) -> tuple[int, str]:
    program = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([program, "--no-cache"], cwd=place, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr
