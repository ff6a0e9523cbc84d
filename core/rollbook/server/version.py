"""The version of this release."""

from functools import cache
from importlib.metadata import version


@cache
def rollbook_version() -> str:
    """The version that is installed."""
    return version("rollbook")
