"""A test of a mistake is run twice: ours must pass it, and the code with the mistake must fail it."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

_Subject = TypeVar("_Subject")
NOTICED: tuple[type[BaseException], ...] = (AssertionError, pytest.fail.Exception)
"""How a test says that something is wrong."""


def ours_and_not(
    ours: Callable[[], _Subject],
    mistaken: Callable[[], _Subject],
    by: type[BaseException] | tuple[type[BaseException], ...] = NOTICED,
) -> Callable[[Callable[[_Subject], Awaitable[None]]], Callable[[], Awaitable[None]]]:
    """Make a check of a subject a test; ``by`` is what the check ends in for the code with the mistake."""

    def decorate(check: Callable[[_Subject], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def test() -> None:
            await check(ours())
            with pytest.raises(by):
                await check(mistaken())

        test.__name__ = check.__name__
        test.__doc__ = check.__doc__
        test.__module__ = check.__module__
        return test

    return decorate


def fails_with(check: Callable[..., Any], *arguments: Any) -> None:
    """The check, run with a mistake in place, must say so."""
    with pytest.raises(NOTICED):
        check(*arguments)
