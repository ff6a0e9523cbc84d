"""`rollbookctl connect`, `status`, `sync` and `verify`."""

import asyncio
import getpass
import sys
from argparse import Namespace
from pathlib import Path

from rollbook.cli import decisions, words
from rollbook.cli.answers import DONE, OUTSTANDING, PROBLEM, Answer, CommandProblemError, plain
from rollbook.cli.leaving import others_lines
from rollbook.client.errors import CallFailedError, EngineBusyError, FailureKind
from rollbook.client.facade import Client
from rollbook.client.leaving import others_waiting
from rollbook.client.opening import Account, connect
from rollbook.client.reopening import known_account, reopen, was_not_asked
from rollbook.client.values import Status, StatusChanged


def run_connect(arguments: Namespace) -> Answer:
    """Connect; the password is read or asked for, and an address without a scheme is tried as https."""
    bare = "://" not in arguments.url
    url = f"https://{arguments.url}" if bare else arguments.url
    password = _password(arguments)
    try:
        account = asyncio.run(connect(arguments.data, url, arguments.user, password))
    except CallFailedError as failure:
        known = known_account(arguments.data, url, arguments.user)
        if known is not None and was_not_asked(failure):
            return _reopened(arguments.data, known, password, failure)
        if not bare or failure.kind is not FailureKind.TRANSIENT:
            raise
        raise CommandProblemError(
            f"{failure.detail} It was tried as {url}; for a server without encryption, write "
            f"http://{arguments.url}",
            code=failure.code,
            request_id=failure.request_id,
        ) from failure
    said = f"Connected to {account.school_name} as {account.user_name}. Fetch its data with: rollbookctl sync"
    return _connected(account, [said])


def _reopened(data: Path, account: Account, password: str, failure: CallFailedError) -> Answer:
    """The server cannot be asked: the password that it took last here opens the account again (S12)."""
    why = failure.detail or str(failure)
    if not reopen(data, account, password):
        raise CommandProblemError(
            f"{why} This is not the password that was last used on this computer, and the school's server "
            "cannot be asked whether it is a new one.",
            code=failure.code,
            request_id=failure.request_id,
        )
    said = (
        f"{why} The password is the one last used on this computer: you can work as {account.user_name} with "
        "what is here, and every entry is kept. What is still needed is said by: rollbookctl status"
    )
    return _connected(account, [said], OUTSTANDING)


def _connected(account: Account, said: list[str], code: int = DONE) -> Answer:
    others = others_waiting(account)
    data = {
        "server": account.url,
        "installation": account.installation,
        "user": account.user_name,
        "school": account.school_name,
        "role": account.role,
        "reached": code == DONE,
        "others": [plain(each) for each in others],
    }
    return Answer(data, [], said + others_lines(others), code)


def _password(arguments: Namespace) -> str:
    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise CommandProblemError(
            "There is no terminal to ask for the password. Give it on standard input, with --password-stdin.",
            code="usage",
        )
    return getpass.getpass("Password: ")


def run_status(client: Client, arguments: Namespace) -> Answer:
    """Ask the server once and say where everything is."""
    if arguments.seen:
        client.notices_seen()
    status = asyncio.run(_looked(client))
    if arguments.seen:  # what is told by this very answer counts as read from now on
        client.proposals.decisions_read([each.op_id for each in status.decisions])
    others = others_waiting(client.account)
    data = plain(status) | {"others": [plain(each) for each in others]}
    code = DONE if status.up_to_date else OUTSTANDING
    said = [*others_lines(others), *([] if arguments.seen else decisions.how_to_end(status))]
    return Answer(data, _lines(status), said, code)


def run_sync(client: Client, arguments: Namespace) -> Answer:
    """One whole cycle, or cycles until interrupted."""
    if arguments.watch:
        return asyncio.run(_watch(client, arguments.timeout))
    failure: CallFailedError | None = None
    try:
        status = asyncio.run(_once(client, arguments.timeout))
    except CallFailedError as failed:
        failure, status = failed, client.status()
    except TimeoutError:
        raise CommandProblemError(
            "The sync did not end in time; what was sent is kept, the rest waits.",
            code="timeout",
            data=plain(client.status()),
        ) from None
    except EngineBusyError:
        raise CommandProblemError(
            "The window is open and syncs by itself; nothing to do here.", code="engine-running"
        ) from None
    return _synced(status, failure)


def run_verify(client: Client, _arguments: Namespace) -> Answer:
    """Check the store's file, its search index, and its place in the feed."""
    problems = client.verify()
    status = asyncio.run(_looked(client))
    data = {"ok": not problems, "problems": problems, "status": plain(status)}
    said = problems or ["The store on this computer is sound."]
    return Answer(data, _lines(status), said, PROBLEM if problems else DONE)


async def _looked(client: Client) -> Status:
    try:
        return await client.probe()
    finally:
        await client.aclose()


async def _once(client: Client, timeout: float | None) -> Status:
    try:
        return await client.sync_once(timeout)
    finally:
        await client.aclose()


async def _watch(client: Client, timeout: float | None) -> Answer:
    stop = client.subscribe(lambda event: _print_status(client) if isinstance(event, StatusChanged) else None)
    try:
        async with asyncio.timeout(timeout):
            await client.run()
    except (TimeoutError, asyncio.CancelledError):
        pass
    except EngineBusyError:
        raise CommandProblemError(
            "The window is open and syncs by itself; nothing to do here.", code="engine-running"
        ) from None
    finally:
        stop()
        await client.aclose()
    status = client.status()
    return Answer(plain(status), _lines(status), code=DONE if status.up_to_date else OUTSTANDING)


def _print_status(client: Client) -> None:
    status = client.status()
    fetched = f", {status.pulled} of {status.to_pull} changes fetched" if status.to_pull else ""
    print(
        f"{status.connection}: {status.waiting} to be sent, {status.needs_you} need you{fetched}",
        file=sys.stderr,
    )


def _synced(status: Status, failure: CallFailedError | None) -> Answer:
    said = decisions.how_to_end(status)
    if failure is not None:
        said.append(failure.detail or f"The school was not reached ({failure.code}).")
        if failure.request_id:
            said.append(f"Request ID: {failure.request_id}")
        signed_out = status.connection == "signed_out"  # the connection's line says what then
        said += [] if signed_out else ["Every entry is kept on this computer and goes by itself later."]
    data = {**plain(status), "problem": failure.code if failure else None}
    return Answer(data, _lines(status), said, DONE if status.up_to_date else OUTSTANDING)


def _lines(status: Status) -> list[str]:
    lines = [
        f"{status.school} at {status.server}, as {status.user}",
        f"Connection:     {words.connection(status)}",
        f"To be sent:     {status.waiting}",
        f"Needs you:      {status.needs_you}" + _where_to_look(status),
        f"Students here:  {status.records}",
        f"Last synced:    {words.moment(status.last_synced_at) or 'never'}",
    ]
    if status.put_back:
        given = words.counted(status.giving_back, "entry", "entries")
        lines.append(f"The school's server was put back; giving back {given}.")
    lines += [*decisions.lines(status), *words.proposals(status)]
    if status.up_to_date:
        return [*lines, "Everything is saved at the school."]
    return [*lines, f"Not up to date: {words.outstanding(status)}."]


def _where_to_look(status: Status) -> str:
    """Which commands show what a person must decide."""
    looks = [
        *(["rollbookctl conflicts list"] if status.conflicts else []),
        *(["rollbookctl outbox list"] if status.parked else []),
    ]
    return f" (see {' and '.join(looks)})" if looks else ""
