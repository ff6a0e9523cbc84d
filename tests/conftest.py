"""What holds for every test: no real screen unless asked for, and none of this user's own Rollbook."""

import gc
import os
from collections.abc import Iterator

import argon2
import pytest
import structlog

from support.heavy_files import place

_LOOKED_THROUGH_AFTER = 7_000  # new objects; Python's own 700 costs a tenth of the whole run

# Unit tests draw off screen. A test that starts the real program removes this from the program's environment.
os.environ["QT_QPA_PLATFORM"] = "offscreen"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Heavy files come first: what is left for the end is light, and no worker waits long for the other."""
    items.sort(key=lambda item: place(item.path))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no search for garbage looks it through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_LOOKED_THROUGH_AFTER)


@pytest.fixture(scope="session", autouse=True)
def _cheap_password_checks() -> Iterator[None]:
    """Each desk that signs in keeps a check of its password: cheap here, as the server's hashes are.

    Of what strength it is on a real computer, tests/core/store/test_password_check.py says.
    """
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rollbook.store.password_check.PasswordHasher", lambda: cheap)
        yield


@pytest.fixture(scope="session", autouse=True)
def _a_home_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever looks up the user's folders finds empty ones: a test neither sees nor touches real entries."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(home / name))
        yield


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command run inside a test settles how the whole process logs: the next test begins anew."""
    configured, config = structlog.is_configured(), structlog.get_config()
    yield
    if configured:
        structlog.configure(**config)
    else:
        structlog.reset_defaults()
