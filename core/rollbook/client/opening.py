"""Opening a client: connecting to a school the first time, and coming back to it (S10, S12)."""

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog

from rollbook.api.client import ApiClient
from rollbook.api.credentials import Credentials, MemoryCredentials
from rollbook.api.exchange import Exchange
from rollbook.client.accounts import (
    Account,
    NotConnectedError,
    account_folder,
    current_account,
    device_id,
    holds_account,
    keep_account,
)
from rollbook.client.dashboard import Dashboards
from rollbook.client.facade import Client
from rollbook.client.listeners import Listeners
from rollbook.client.numbers import Numbers
from rollbook.client.resolving import Resolving
from rollbook.client.response_cache import ResponseCache
from rollbook.client.saving import Saving
from rollbook.client.session_end import WatchedCredentials
from rollbook.client.settings import ClientSettings, load_settings
from rollbook.client.values import StatusChanged
from rollbook.contract.session import Session
from rollbook.domain.clock import Clock, SystemClock
from rollbook.domain.ids import uuid7_source
from rollbook.store.cache_folder import delete_cache
from rollbook.store.credentials import StoredCredentials
from rollbook.store.errors import StoreError
from rollbook.store.password_check import PasswordCheck
from rollbook.store.rescue import open_or_rescue
from rollbook.sync.attempt_log import AttemptLog
from rollbook.sync.engine import SyncEngine
from rollbook.sync.numbers import NumberKeeper

log = structlog.get_logger("rollbook.client")

__all__ = ["Account", "NotConnectedError", "Surroundings", "connect", "current_account", "open_client"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is handed in from outside, so that a test can hand in its own (H6)."""

    clock: Clock = field(default_factory=SystemClock)
    chance: random.Random = field(default_factory=random.SystemRandom)
    transport: Any = None  # an httpx transport; None is the network


async def connect(
    data: Path,
    url: str,
    name: str,
    password: str,
    *,
    settings: ClientSettings | None = None,
    surroundings: Surroundings | None = None,
) -> Account:
    """Sign in to the server at ``url``, and make this the data folder's current account.

    Raises :class:`CallFailedError`: not-our-server, wrong-credentials, or what the network did.
    """
    settings, around = settings or load_settings(data), surroundings or Surroundings()
    memory = MemoryCredentials()
    api = _api(data, url, None, memory, settings, around, AttemptLog())
    try:
        info = await api.server_info()
        api.pin(info.installation)
        session = await api.sign_in(name, password)
    finally:
        await api.close()
    account = _account(data, url, info.installation, session)
    account.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    expected = account.store.exists() or holds_account(account.folder)
    open_or_rescue(account.store, expected=expected, now=around.clock.now).close()
    StoredCredentials(account.folder, settings.keyring).save(session.access_token, session.refresh_token)
    PasswordCheck(account.folder).keep(password)
    with contextlib.suppress(OSError):  # in use; its keys name the role that it was kept for
        delete_cache(account.cache)
    keep_account(data, account)
    return account


def open_client(
    data: Path,
    *,
    server: str | None = None,
    settings: ClientSettings | None = None,
    surroundings: Surroundings | None = None,
) -> Client:
    """Open the current account; works without any network. ``server`` says that the server has moved there.

    Raises :class:`NotConnectedError`, :class:`StoreError` or :class:`SettingError`.
    """
    account = current_account(data)
    if account is None:
        raise NotConnectedError
    if server is not None:
        account = replace(account, url=server.rstrip("/"))
    return _wired(data, account, settings or load_settings(data), surroundings or Surroundings())


def _wired(data: Path, account: Account, settings: ClientSettings, around: Surroundings) -> Client:
    store = open_or_rescue(account.store, expected=True, now=around.clock.now)
    attempts = AttemptLog()
    moved = _KeptOnceAnswered(data, account)
    cache = ResponseCache(
        account.cache, around.clock, settings.resilience.cache_limit_seconds, settings.resilience
    )
    stored = StoredCredentials(account.folder, settings.keyring)
    credentials = WatchedCredentials(stored, cache.purge_soon)
    api = _api(data, account.url, account, credentials, settings, around, attempts, moved.observe)
    listeners = Listeners()
    new_id = uuid7_source(around.clock)
    engine = SyncEngine(
        store,
        api,
        account.folder,
        device=_device(data, around),
        clock=around.clock,
        chance=around.chance,
        settings=settings.sync,
        numbers=NumberKeeper(store, api, clock=around.clock, new_id=new_id, settings=settings.sync),
        resilience=settings.resilience,
        log=attempts,
        emit=listeners.emit,
        forget=cache.purge,
        version=version("rollbook"),
    )
    numbers = Numbers(store)
    saving = Saving(store, around.clock, new_id, account.user_name, account.school_id, numbers, account.role)
    resolving = Resolving(store, around.clock, new_id, account.user_name, numbers)
    api.breaker.observe(lambda _event: listeners.emit(StatusChanged()))  # whoever's call it was
    api.breaker.observe(lambda event: log.info("breaker", before=event.before, after=event.after))
    dashboards = Dashboards(api, cache, account, engine.wake)
    return Client(
        account, store, api, engine, saving, resolving, listeners, dashboards, settings, around.clock.now
    )


def _api(
    data: Path,
    url: str,
    account: Account | None,
    credentials: Credentials,
    settings: ClientSettings,
    around: Surroundings,
    attempts: AttemptLog,
    also: Callable[[Exchange], None] = lambda _exchange: None,
) -> ApiClient:
    def observe(exchange: Exchange) -> None:
        attempts.observe(exchange)
        _note(exchange)
        also(exchange)

    return ApiClient(
        url.rstrip("/"),
        settings=settings.resilience,
        clock=around.clock,
        random=around.chance,
        device=_device(data, around),
        installation=account.installation if account else None,
        school=account.school_id if account else None,
        credentials=credentials,
        transport=around.transport,
        observer=observe,
    )


def _note(exchange: Exchange) -> None:
    """What failed stands in the log of this computer too, among what else happened then (R16)."""
    if exchange.outcome != "ok":
        log.info(
            "request_failed",
            request_id=exchange.request_id,
            action_id=exchange.action_id,
            method=exchange.method,
            route=exchange.route,
            status=exchange.status,
            outcome=exchange.outcome,
            error=exchange.error,
            duration_ms=exchange.duration_ms,
        )


class _KeptOnceAnswered:
    """An address that the server has moved to is kept when our server has answered there, and not before."""

    def __init__(self, data: Path, account: Account) -> None:
        self._data = data
        self._account = account
        kept = current_account(data)
        self._new = kept is not None and kept.url != account.url

    def observe(self, exchange: Exchange) -> None:
        """Take one request; a well answered one is our installation's (S10)."""
        if self._new and exchange.outcome == "ok":
            self._new = False
            with contextlib.suppress(StoreError):  # a full disk: it is given again the next time
                keep_account(self._data, self._account)


def _device(data: Path, around: Surroundings) -> str:
    return device_id(data, uuid7_source(around.clock))


def _account(data: Path, url: str, installation: str, session: Session) -> Account:
    member = session.memberships[0]
    return Account(
        url=url.rstrip("/"),
        installation=installation,
        user_id=session.user_id,
        user_name=session.user_name,
        school_id=member.school_id,
        school_name=member.school_name,
        role=member.role,
        folder=account_folder(data, installation, session.user_id, member.school_id),
    )
