"""Every timing and threshold, each a setting: a file's value, then ``ROLLBOOK_<NAME>`` in the environment."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

_PREFIX = "ROLLBOOK_"
_Settings = TypeVar("_Settings")


class SettingError(Exception):
    """A setting has a value that it cannot have; the message names it."""


@dataclass(frozen=True, slots=True)
class ResilienceSettings:
    """Seconds, unless the name says otherwise. Defaults are those of the resilience guide."""

    request_timeout_seconds: float = 30.0
    connect_timeout_seconds: float = 5.0
    probe_timeout_seconds: float = 2.0
    retry_base_seconds: float = 1.0
    retry_cap_seconds: float = 60.0
    retry_attempts: int = 5
    retry_budget_ratio: float = 0.2
    retry_budget_floor_per_minute: int = 10
    breaker_failures: int = 5
    breaker_window_calls: int = 50
    breaker_minimum_calls: int = 20
    breaker_failure_rate: float = 0.5
    breaker_slow_seconds: float = 10.0
    breaker_slow_rate: float = 0.8
    breaker_recovery_seconds: float = 60.0
    breaker_recovery_growth: float = 1.25
    breaker_recovery_cap_factor: float = (
        1.5  # of the recovery time: one cheap question costs the server little
    )
    breaker_probes: int = 1
    breaker_successes: int = 2


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
            chosen[field.name] = _read(field.name, type(field.default), given)
    return kind(**chosen)


def _read(name: str, wanted: type, given: Any) -> Any:
    try:
        value = wanted(given)
    except (TypeError, ValueError):
        raise SettingError(
            f"The setting {name} ({_PREFIX}{name.upper()}) is {given!r}; it must be a number."
        ) from None
    if value < 0:
        raise SettingError(
            f"The setting {name} ({_PREFIX}{name.upper()}) is {given!r}; it must not be below 0."
        )
    return value
