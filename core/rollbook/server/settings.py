"""Every setting of the server: from a TOML file, then from the environment (``ROLLBOOK_<NAME>``)."""

import math
import os
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from rollbook.contract.operations import MAX_BODY_BYTES

ENVIRONMENT_PREFIX = "ROLLBOOK_"


class SettingError(Exception):
    """A setting that cannot be used; the message names it, what is wrong, and what would be right."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Values in the unit that the name ends with. Defaults suit a school; all may be changed.

    Pool figures count for each process (R13). Argon2 memory is in KiB. ``number_digits`` is the least
    length of a number given out, filled up with zeros; ``number_prefix`` stands before it (S16).
    """

    database: str = ""
    log_dir: str = ""
    log_level: str = "INFO"
    log_file_bytes: int = 10 * 1024 * 1024
    log_files: int = 5

    workers: int = 1  # processes of `serve`
    pool_size: int = 10
    pool_overflow: int = 10
    pool_timeout_seconds: float = 5.0
    pool_recycle_seconds: float = 1800.0
    statement_timeout_seconds: float = 30.0
    busy_timeout_seconds: float = 5.0  # for a lock that another transaction holds, on either database
    write_attempts: int = 5
    write_retry_base_seconds: float = 0.02
    write_retry_cap_seconds: float = 0.5
    retry_after_seconds: float = 2.0

    max_body_bytes: int = MAX_BODY_BYTES
    # Of the dashboard and the analytics: how long each part may take, and how old what was told last may be
    # that is told in its place.
    part_seconds: float = 2.0
    fallback_limit_seconds: float = 300.0
    access_token_seconds: float = 900.0
    refresh_token_seconds: float = 60 * 86_400.0
    refresh_grace_seconds: float = 30.0
    sign_in_attempts: int = 10
    sign_in_attempts_per_address: int = 60
    sign_in_window_seconds: float = 300.0
    argon2_time_cost: int = 3
    argon2_memory_kib: int = 65_536
    argon2_parallelism: int = 4

    desk_silent_days: float = 3.0

    slow_query_seconds: float = 0.1
    slow_request_seconds: float = 1.0

    # The folder of PostgreSQL's pg_dump, pg_restore and psql, where they are neither on PATH nor Debian's.
    postgresql_programs: str = ""
    backup_days: float = 2.0  # `check` warns of a last backup that is older

    metrics_token: str = ""
    metrics_open: int = 0
    metrics_desks: int = 100  # so many computers are told by themselves, the worst first
    gauges_seconds: float = 5.0  # how often each of several workers notes how it is
    # The weather for the dashboard: an address that answers as https://api.open-meteo.com does, and where the
    # school is. Without an address, or a place, nobody outside is asked.
    weather_url: str = ""
    weather_place: str = ""
    weather_latitude: float = 0.0
    weather_longitude: float = 0.0
    weather_seconds: float = 3.0  # for the whole, repeated attempts too
    weather_fresh_seconds: float = 120.0
    outside_attempts: int = 2
    outside_concurrent: int = 2
    outside_queue: int = 8
    outside_wait_seconds: float = 1.0
    outside_answer_bytes: int = 64 * 1024
    outside_breaker_failures: int = 5
    outside_breaker_seconds: float = 60.0
    file_quota_bytes: int = 2 * 1024 * 1024 * 1024
    file_days: int = (
        30  # of the feed, as they were written down: a file that nothing names any more is kept so long
    )
    # Who is told of critical errors: addresses as Apprise writes them, with blanks between.
    alert_urls: str = ""
    alert_repeat_seconds: float = 900.0  # after one of a kind, further ones are told together so often
    # The file that lists who was erased; it lies outside of every backup of the database (D3).
    erased_list: str = ""
    number_block_size: int = 20
    number_prefix: str = ""
    number_digits: int = 0

    report_budget_seconds: float = 2.0
    report_poll_seconds: float = 2.0  # what a client that waits is told to wait
    report_threads: int = 2
    report_queue: int = 8
    report_most: int = 20  # of one school, that wait or run
    report_lease_seconds: int = 60
    report_look_seconds: float = 5.0
    report_days: float = 7.0

    events_poll_seconds: float = 1.0
    # While the other workers' commits are told by PostgreSQL, looking for them is for safety only.
    events_poll_told_seconds: float = 15.0
    # A direct URL of the same PostgreSQL, where `database` goes through a pooler that lends connections for
    # one transaction each: nothing can be listened for through that.
    events_database: str = ""
    events_heartbeat_seconds: float = 15.0
    shutdown_seconds: float = 5.0
    receipt_days: int = 400  # days of the feed, as they were written down
    feed_days: int = 460  # longer than receipts
    upkeep_seconds: float = 3_600.0  # how often the daily work is looked at
    threads: int = 40

    def with_places(self) -> "Settings":
        """The settings with the user's data folder filled in where no place was given."""
        data = Path(platformdirs.user_data_dir("rollbook-server", appauthor=False))
        database = self.database or f"sqlite:///{data / 'rollbook.sqlite3'}"
        listed = self.erased_list or _beside(database) or str(data / "erased.list")
        return replace(
            self, database=database, log_dir=self.log_dir or str(data / "logs"), erased_list=listed
        )


def _beside(database: str) -> str:
    """The list beside an SQLite file; empty for any other database."""
    file = database.partition("?")[0].removeprefix("sqlite:///")
    return f"{file}.erased" if file != database.partition("?")[0] and file not in ("", ":memory:") else ""


def read_settings(
    file: Path | None = None, environment: Mapping[str, str] | None = None, **given: Any
) -> Settings:
    """Settings from ``file``, overridden by the environment, overridden by ``given`` (``None`` is not given).

    Raises :class:`SettingError` for a file that cannot be read, an unknown name in it, or a wrong value.
    """
    surroundings = os.environ if environment is None else environment
    found = _from_file(file_of_settings(file, surroundings)) | _from_environment(surroundings)
    found |= {name: value for name, value in given.items() if value is not None}
    settings = Settings(**{name: _fit(name, value) for name, value in found.items()})
    return settings.with_places()


def file_of_settings(given: Path | None, environment: Mapping[str, str] | None = None) -> Path | None:
    """The file that :func:`read_settings` reads, if any."""
    return given or _file_named_in(os.environ if environment is None else environment)


def _file_named_in(environment: Mapping[str, str]) -> Path | None:
    name = environment.get(f"{ENVIRONMENT_PREFIX}SETTINGS")
    return Path(name) if name else None


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(f"The settings file {file} cannot be read: {error}.") from None
    unknown = sorted(set(content) - set(_TYPES))
    if unknown:
        raise SettingError(f"{file}: there is no setting “{unknown[0]}”. Known are: {', '.join(_TYPES)}.")
    return content


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    named = {name: environment.get(ENVIRONMENT_PREFIX + name.upper()) for name in _TYPES}
    return {name: value for name, value in named.items() if value}


def _fit(name: str, value: Any) -> Any:
    wanted = _TYPES[name]
    try:
        fitting = wanted(value)
        if isinstance(fitting, int | float) and (not math.isfinite(fitting) or fitting != float(value)):
            raise ValueError(value)
    except (TypeError, ValueError):
        kind = {int: "a whole number", float: "a number"}.get(wanted, "text")
        raise SettingError(
            f"The setting {name} ({ENVIRONMENT_PREFIX}{name.upper()}) must be {kind}, not “{value}”."
        ) from None
    if isinstance(fitting, int | float):
        least, most = _LEAST.get(name, 0), _MOST.get(name, math.inf)
        if not least <= fitting <= most:
            limit = f"at least {least}" if fitting < least else f"at most {most}"
            raise SettingError(
                f"The setting {name} ({ENVIRONMENT_PREFIX}{name.upper()}) must be {limit}, not {fitting}."
            )
    return fitting


_TYPES: dict[str, type] = typing.cast(
    "dict[str, type]", {item.name: typing.get_type_hints(Settings)[item.name] for item in fields(Settings)}
)
_LEAST = {
    "workers": 1,
    "pool_size": 1,
    "write_attempts": 1,
    "number_block_size": 1,
    "log_files": 1,
    "log_file_bytes": 1024,
    "threads": 1,
    "argon2_time_cost": 1,
    "argon2_memory_kib": 8,
    "argon2_parallelism": 1,
    "sign_in_attempts": 1,
    "sign_in_attempts_per_address": 1,
    "max_body_bytes": 1024,
    "file_days": 7,
    "report_threads": 1,
    "report_most": 1,
    "report_lease_seconds": 5,
    "report_look_seconds": 1,
    "receipt_days": 400,
    "feed_days": 401,
    "upkeep_seconds": 1,
    "weather_latitude": -90,
    "weather_longitude": -180,
    "weather_seconds": 0.05,
    "gauges_seconds": 0.1,
    "alert_repeat_seconds": 1,
    "outside_attempts": 1,
    "outside_concurrent": 1,
    "outside_answer_bytes": 1024,
    "outside_breaker_failures": 1,
}
_MOST = {"workers": 64, "weather_latitude": 90, "weather_longitude": 180}
