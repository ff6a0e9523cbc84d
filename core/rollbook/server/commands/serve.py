"""``rollbook-server serve``: one or more workers on a port, ended in good order by SIGTERM."""

import http.client
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import uvicorn
from uvicorn.supervisors import Multiprocess

from rollbook.domain.clock import Clock
from rollbook.server.commands.opening import opened
from rollbook.server.commands.speaking import DONE, PROBLEM, CommandError, say
from rollbook.server.outside.messengers import check_addresses
from rollbook.server.problems import ProblemError
from rollbook.server.settings import ENVIRONMENT_PREFIX, Settings
from rollbook.server.shared_counts import SHARED_FOLDER

_LOOK_EVERY_SECONDS = 0.02
_LOOK_FOR_SECONDS = 120.0
KEEP_ALIVE_SECONDS = 75
"""An idle connection is left open for longer than any caller keeps it (httpx: 5 s; a proxy: 60 s).
Else the server closes it just as the next request comes, which then looks like an outage."""


def serve(settings: Settings, clock: Clock, host: str, port: int, workers: int) -> int:
    """Serve until told to end. Prints one line on standard output once connections are really answered."""
    check_addresses(settings.alert_urls)
    _prepare(settings, clock)
    _hand_down(settings)
    config = uvicorn.Config(
        "rollbook.server.app:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, int(settings.shutdown_seconds)),
    )
    listening = _bound(host, port)
    address = _address(host, listening.getsockname()[1])
    threading.Thread(target=_announce, args=(address,), daemon=True, name="announce").start()
    if workers > 1:
        with _shared_counts():
            Multiprocess(config, sockets=[listening]).run()
        return DONE
    # uvicorn raises the signal again when it has ended in good order: then the exit code is 0.
    signal.signal(signal.SIGTERM, _end)
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    return DONE if server.started else PROBLEM


def _prepare(settings: Settings, clock: Clock) -> None:
    try:
        with opened(settings, clock):
            pass
    except CommandError as error:
        is_away = isinstance(error.__cause__, ProblemError)
        if settings.database.startswith("sqlite") or not is_away:
            raise
        say(f"{error} Serving all the same; answers will say so until it is back.")


@contextmanager
def _shared_counts() -> Iterator[None]:
    """A folder in which the workers add up what they count, for as long as they run."""
    with tempfile.TemporaryDirectory(prefix="rollbook-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[SHARED_FOLDER] = folder
        yield


def _hand_down(settings: Settings) -> None:
    """Workers are processes of their own: they read the same settings from their environment."""
    for name, value in asdict(settings).items():
        os.environ[ENVIRONMENT_PREFIX + name.upper()] = str(value)


def _bound(host: str, port: int) -> socket.socket:
    """The socket, bound by us: so the port that is announced is ours and nobody else's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's delay off; without, each answer waits 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # there it would let two servers share a port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise CommandError(
            f"Cannot listen on {host} port {port}: {getattr(error, 'strerror', None) or error}. "
            "Is a server running there already? Choose another port with --port."
        ) from None
    listening.set_inheritable(True)
    return listening


def _end(_signal: int, _frame: object) -> None:
    raise SystemExit(DONE)


def _address(host: str, port: int) -> tuple[str, int]:
    everywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
    return everywhere.get(host, host), port


def _announce(address: tuple[str, int]) -> None:
    host, port = address
    end = time.monotonic() + _LOOK_FOR_SECONDS
    while time.monotonic() < end:
        if _answers(host, port):
            shown = f"[{host}]" if ":" in host else host
            sys.stdout.write(f"Rollbook server ready on http://{shown}:{port}\n")
            sys.stdout.flush()
            return
        time.sleep(_LOOK_EVERY_SECONDS)


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
