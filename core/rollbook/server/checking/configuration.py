"""Settings that work and are unwise: what is open, what is not encrypted, what can be guessed."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from sqlalchemy import make_url

from rollbook.server.checking import Finding, warning
from rollbook.server.settings import Settings

_ENCRYPTED = {"require", "verify-ca", "verify-full"}
_TOKEN_LENGTH = 20
_PASSWORD_LENGTH = 12
_DIFFERENT_LETTERS = 6
# The least of OWASP's Password Storage Cheat Sheet for Argon2id.
_LEAST_MEMORY_KIB = 19_456
_LEAST_TIME_COST = 2


def of_settings(settings: Settings) -> Iterator[Finding]:
    """What is unwise in the settings."""
    yield from _metrics(settings)
    yield from _debugging(settings)
    yield from _hashes(settings)
    yield from _databases(settings)
    weather = urlsplit(settings.weather_url)
    if weather.scheme == "http" and not _is_this_computer(weather.hostname):
        yield warning(
            "weather-not-encrypted", "weather_url is not encrypted (http): use an address with https."
        )


def _metrics(settings: Settings) -> Iterator[Finding]:
    if settings.metrics_open and not settings.metrics_token:
        yield warning(
            "metrics-open",
            "Anybody who reaches the server can read /metrics (metrics_open): set metrics_token instead.",
        )
    if settings.metrics_token and _can_be_guessed(settings.metrics_token, _TOKEN_LENGTH):
        yield warning(
            "weak-metrics-token",
            f"metrics_token can be guessed: take {_TOKEN_LENGTH} letters or more by chance (openssl rand "
            "-hex 32).",
        )


def _debugging(settings: Settings) -> Iterator[Finding]:
    if settings.log_level.upper() in ("DEBUG", "NOTSET"):
        yield warning("debug-log", "log_level is DEBUG, which fills the disk: set it to INFO.")


def _hashes(settings: Settings) -> Iterator[Finding]:
    if settings.argon2_memory_kib < _LEAST_MEMORY_KIB or settings.argon2_time_cost < _LEAST_TIME_COST:
        yield warning(
            "weak-hashes",
            "Passwords are hashed too cheaply (argon2_memory_kib, argon2_time_cost): leave these settings "
            f"out, or set at least {_LEAST_MEMORY_KIB} and {_LEAST_TIME_COST}.",
        )


def _databases(settings: Settings) -> Iterator[Finding]:
    for name in ("database", "events_database"):
        given = getattr(settings, name)
        url = make_url(given) if given else None
        if url is None or url.get_backend_name() != "postgresql":
            continue
        if not _is_this_computer(url.host) and url.query.get("sslmode") not in _ENCRYPTED:
            yield warning(
                "database-not-encrypted",
                f"The way to the database on {url.host} need not be encrypted: add ?sslmode=verify-full (or "
                f"require) to the setting {name}.",
            )
        if url.password is not None and _can_be_guessed(str(url.password), _PASSWORD_LENGTH):
            yield warning(
                "weak-database-password",
                f"The password in the setting {name} can be guessed: take {_PASSWORD_LENGTH} letters or "
                "more.",
            )


def _can_be_guessed(secret: str, length: int) -> bool:
    return len(secret) < length or len(set(secret)) < _DIFFERENT_LETTERS


def _is_this_computer(host: str | None) -> bool:
    """No host is a socket of this computer, and so is a path."""
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
