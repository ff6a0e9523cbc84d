"""Where messages to people arrive: a real mail server and a real webhook on this computer."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from support.server_process import free_port

WITHIN_SECONDS = 30.0


class Received:
    """What has arrived; ``address`` is Apprise's for the place."""

    def __init__(self) -> None:
        self.address = ""
        self.messages: list[str] = []
        self._new: queue.Queue[str] = queue.Queue()
        self.arrived = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def take(self, message: str) -> None:
        """One has arrived."""
        self.messages.append(message)
        self._new.put(message)

    def next(self) -> str:
        """The next that was not looked at yet."""
        return self._new.get(timeout=WITHIN_SECONDS)


@contextmanager
def webhook(port: int = 0) -> Iterator[Received]:
    """A place that takes JSON; it holds its answers while they may not be given."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.arrived.set()
            received.may_answer.wait(WITHIN_SECONDS)
            said = json.loads(body)
            received.take(f"{said['title']}\n{said['message']}")
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, name="webhook")
    thread.start()
    received.address = f"json://127.0.0.1:{server.server_port}/told"
    try:
        yield received
    finally:
        received.may_answer.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Mails:
    def __init__(self, received: Received) -> None:
        self._received = received

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Called by the mail server for each mail."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        body = mail.get_body(("plain", "html"))
        assert body is not None
        self._received.take(f"{mail['subject']}\n{body.get_content()}")
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[Received]:
    """A mail server that takes every mail."""
    received = Received()
    port = free_port()
    controller = Controller(_Mails(received), hostname="127.0.0.1", port=port)
    controller.start()
    received.address = f"mailto://127.0.0.1:{port}/?from=rollbook@school.example&to=it@school.example"
    try:
        yield received
    finally:
        controller.stop()
