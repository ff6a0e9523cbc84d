"""`python -m support.warm_start DESCRIPTOR` loads the programs once, and starts each in a fork of itself.

What is forked is a process of its own with its own arguments, environment and streams, and may be killed as
any other. It only need not load all modules first, which is most of what a short command costs. Its keeper,
forked too, waits for its end and tells how it ended.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import struct
import sys
import time
from typing import Any, NoReturn

LARGEST_ASKED = 1 << 18
NUMBER = struct.Struct("i")
_LOADED = (
    "alembic.autogenerate",
    "alembic.ddl.postgresql",
    "alembic.ddl.sqlite",
    "psycopg",
    "rollbook.server.app",
    "rollbook.server.commands.accounts",
    "rollbook.server.commands.check",
    "rollbook.server.commands.recovery",
    "rollbook.server.commands.serve",
    "rollbook.server.demo.fill",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "support.defective_server",
    "support.killed_at",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)
_PROGRAMS = ("rollbook.cli.__main__", "rollbook.server.__main__")


def serve(control: socket.socket) -> None:
    """Fork a program for each that is asked for, until nobody is left to ask."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are nobody's to wait for
    while True:
        message, streams, _flags, _address = socket.recv_fds(control, LARGEST_ASKED, 4)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _keep(streams)
            _run(json.loads(message), streams)
        for each in streams:
            os.close(each)


def _keep(streams: list[int]) -> None:
    """Fork the program, in which this returns; the keeper stays until its end and tells its code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        return
    *theirs, told = streams
    for each in theirs:
        os.close(each)
    os.write(told, NUMBER.pack(pid))
    _pid, status = os.waitpid(pid, 0)
    try:
        os.write(told, NUMBER.pack(os.waitstatus_to_exitcode(status)))
    finally:
        os._exit(0)  # whoever asked may have ended


def _run(asked: dict[str, Any], streams: list[int]) -> NoReturn:
    """Be the program: what is the process's own is as if it had just been started."""
    if asked["new_session"]:
        os.setsid()
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    for number, stream in enumerate(streams[:3]):
        os.dup2(stream, number)
    for each in streams:
        os.close(each)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the process's own streams, to its end
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False, buffering=1, errors="backslashreplace")  # noqa: SIM115
    module, *arguments = asked["arguments"]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit(0)


def main() -> None:
    """Load everything, then serve."""
    for module in _LOADED:
        importlib.import_module(module)
    for program in _PROGRAMS:
        runpy.run_module(program, run_name="loaded")
    gc.collect()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
