"""Every timing and threshold, each a setting: a file's value, then ``ROLLBOOK_<NAME>`` in the environment."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

_PREFIX = "ROLLBOOK_"
_Settings = TypeVar("_Settings")


class SettingError(Exception):
    """A setting has a value that it cannot have; the message names it."""


def limited(default: Any, *, at_least: float = 0, at_most: float = math.inf) -> Any:
    """A field of a settings dataclass whose value has limits; without it, 0 and upwards."""
    return dataclasses.field(default=default, metadata={"at_least": at_least, "at_most": at_most})


@dataclass(frozen=True, slots=True)
class ResilienceSettings:
    """Seconds, unless the name says otherwise; rates are shares of 1. Defaults are the resilience guide's."""

    request_timeout_seconds: float = limited(30.0, at_least=0.05)
    connect_timeout_seconds: float = limited(5.0, at_least=0.05)
    probe_timeout_seconds: float = limited(2.0, at_least=0.05)
    live_opening_seconds: float = limited(10.0, at_least=0.05)  # the stream's first line comes at once
    live_silence_seconds: float = limited(40.0, at_least=0.05)  # of which the server breaks each 15
    longest_hold_seconds: float = 3600.0  # a server's Retry-After is not believed beyond this
    retry_base_seconds: float = 1.0
    retry_cap_seconds: float = 60.0
    retry_attempts: int = 5
    retry_budget_ratio: float = limited(0.2, at_most=1)
    retry_budget_floor_per_minute: int = 10
    breaker_failures: int = limited(5, at_least=1)
    breaker_window_calls: int = limited(50, at_least=1)
    breaker_minimum_calls: int = limited(20, at_least=1)
    breaker_failure_rate: float = limited(0.5, at_least=0.01, at_most=1)
    breaker_slow_seconds: float = limited(10.0, at_least=0.01)
    breaker_slow_rate: float = limited(0.8, at_least=0.01, at_most=1)
    breaker_recovery_seconds: float = 60.0
    breaker_recovery_growth: float = limited(1.25, at_least=1)
    # Of the recovery time: one cheap question costs the server little.
    breaker_recovery_cap_factor: float = limited(1.5, at_least=1)
    breaker_probes: int = limited(1, at_least=1)
    breaker_successes: int = limited(2, at_least=1)
    bulkhead_concurrent: int = limited(4, at_least=1)
    bulkhead_queue: int = 16
    bulkhead_wait_seconds: float = 10.0
    cache_limit_seconds: float = 7 * 86_400.0  # on the desktop; an older answer is not shown at all
    cache_size_mib: int = limited(64, at_least=1)
    fallback_limit_seconds: float = 300.0  # the server's own fallbacks


def read_settings(
    kind: type[_Settings], values: Mapping[str, Any], environment: Mapping[str, str]
) -> _Settings:
    """Build a settings dataclass. Raises :class:`SettingError` naming the setting that cannot be read.

    ``values`` come from a file, whose names that are not of this kind are passed over.
    """
    chosen: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        given = environment.get(_PREFIX + field.name.upper(), values.get(field.name))
        if given is not None:
            chosen[field.name] = _read(field, given)
    return kind(**chosen)


def _read(field: "dataclasses.Field[Any]", given: Any) -> Any:
    whole = isinstance(field.default, int)
    value = _number(given, whole)
    if value is None:
        raise _refused(field.name, given, "a whole number" if whole else "a number")
    low, high = field.metadata.get("at_least", 0), field.metadata.get("at_most", math.inf)
    if not low <= value <= high:
        limits = f"{low} or more" if high == math.inf else f"between {low} and {high}"
        raise _refused(field.name, given, limits)
    return value


def _number(given: Any, whole: bool) -> float | int | None:
    """The number that a file or the environment gives, or ``None``; a switch is no number."""
    try:
        value = int(given) if whole and isinstance(given, str) else float(given)
    except (TypeError, ValueError, OverflowError):
        return None
    if isinstance(given, bool) or not math.isfinite(value) or (whole and value != int(value)):
        return None
    return int(value) if whole else value


def _refused(name: str, given: Any, wanted: str) -> SettingError:
    return SettingError(f"The setting {name} ({_PREFIX}{name.upper()}) is {given!r}; it must be {wanted}.")
