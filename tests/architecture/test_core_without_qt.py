"""H7: the core installs and works on a computer without Qt."""

import subprocess
import sys

from support.source_files import ROOT

# Runs in a Python of its own, where PySide6 cannot be found.
WITHOUT_QT = """
import importlib, pkgutil, sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("PySide6", "shiboken6", "rollbook_desktop"):
            raise ModuleNotFoundError("No module named " + repr(name), name=name)

sys.meta_path.insert(0, NoQt())
"""
EVERY_MODULE = """
import rollbook
every = [module.name for module in pkgutil.walk_packages(rollbook.__path__, "rollbook.")]
names = [name for name in every if not name.endswith(".env")]  # Alembic alone runs it, within a migration
for name in names:
    importlib.import_module(name)
print(len(names))
"""
ITS_TESTS = """
import pytest
# Not those of the command line: they are slow, and the programs that they start could have Qt all the same.
options = ["-q", "-p", "no:pytest-qt", "-p", "no:xdist", "-p", "no:cacheprovider"]
options += ["--ignore", "tests/core/cli"]
sys.exit(pytest.main([*options, "tests/core"]))
"""


def test_h7_every_module_of_the_core_imports_without_qt() -> None:
    ran = _python(WITHOUT_QT + EVERY_MODULE)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) == len(_core_modules())


def test_h7_an_import_of_qt_is_noticed() -> None:
    ran = _python(WITHOUT_QT + "import PySide6.QtCore\n")
    assert ran.returncode != 0
    assert "No module named 'PySide6'" in ran.stderr


def test_h7_the_tests_of_the_core_pass_without_qt() -> None:
    ran = _python(WITHOUT_QT + ITS_TESTS)
    assert ran.returncode == 0, ran.stdout
    assert " passed" in ran.stdout


def _core_modules() -> list[str]:
    """Every module by its file, without the top package itself and Alembic's env."""
    files = [path for path in (ROOT / "core" / "rollbook").rglob("*.py") if path.name != "env.py"]
    return sorted(str(path) for path in files if path != ROOT / "core" / "rollbook" / "__init__.py")


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
