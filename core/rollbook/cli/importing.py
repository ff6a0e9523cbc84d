"""`rollbookctl import FILE`."""

from argparse import Namespace
from dataclasses import replace

from rollbook.cli.answers import DONE, OUTSTANDING, PROBLEM, Answer, CommandProblemError
from rollbook.client.errors import ExchangeError
from rollbook.client.facade import Client
from rollbook.client.import_report import write_bad_rows, write_report
from rollbook.client.importing import DryRun, ImportChoices, PackageDryRun, dry_run, read_choice, take_in


def run(client: Client, arguments: Namespace) -> Answer:
    """Check the file, then take it in. Raises :class:`CommandProblemError` for a file that is no table."""
    try:
        checked = _checked(client, arguments)
        files = _written(checked, arguments)
    except ExchangeError as error:
        raise CommandProblemError(f"{error} Nothing was imported.", code="not-importable") from error
    answer = _answered(client, checked, arguments)
    return replace(answer, said=[*files, *answer.said])


def _checked(client: Client, arguments: Namespace) -> DryRun | PackageDryRun:
    columns = None if arguments.map is None else read_choice(arguments.map)
    choices = ImportChoices(arguments.format, arguments.sheet, columns, arguments.overwrite_edited)
    return dry_run(client, arguments.file, choices)


def _written(checked: DryRun | PackageDryRun, arguments: Namespace) -> list[str]:
    """Write the files that were asked for; says where they are."""
    said = []
    if arguments.report is not None:
        write_report(checked, arguments.report, replace=arguments.replace)
        said.append(f"Each row's outcome is in {arguments.report}.")
    if arguments.bad_rows is not None and checked.problems:
        write_bad_rows(checked, arguments.bad_rows, replace=arguments.replace)
        said.append(f"The rows with a problem are in {arguments.bad_rows}: correct them there and import it.")
    return said


def _answered(client: Client, checked: DryRun | PackageDryRun, arguments: Namespace) -> Answer:
    if arguments.dry_run:
        return Answer(
            checked.as_data() | {"dry_run": True},
            [checked.as_text()],
            ["Nothing was changed: this was a dry run."],
            PROBLEM if checked.problems else DONE,
        )
    if checked.problems and not arguments.good_rows:
        return _refused(checked)
    if isinstance(checked, PackageDryRun) and checked.to_confirm not in (0, arguments.confirm_removals):
        return _unconfirmed(checked)
    done = take_in(client, checked)
    stored = sum(saved.op_id is not None for saved in done.saved)
    said = [
        f"Saved {stored} entries on this computer; they go to the school with the next sync. Run {done.run}."
    ]
    data = checked.as_data() | {"dry_run": False, "run": done.run, "stored": stored}
    return Answer(data, [checked.as_text()], said, OUTSTANDING if stored else DONE)


def _refused(checked: DryRun | PackageDryRun) -> Answer:
    said = [
        f"{checked.problems} rows have a problem, so nothing was imported. Correct them in the file and "
        "import it again, or take in the others alone with --good-rows."
    ]
    data = checked.as_data() | {"dry_run": False, "stored": 0, "error": "rows-with-problems"}
    return Answer(data, [checked.as_text()], said, PROBLEM)


def _unconfirmed(checked: PackageDryRun) -> Answer:
    number = checked.to_confirm
    said = [
        f"It would archive {number} of {checked.plan.known} records that came from this source, so nothing "
        f"was imported. If that is right, import it again with --confirm-removals {number}."
    ]
    data = checked.as_data() | {"dry_run": False, "stored": 0, "error": "removals-not-confirmed"}
    return Answer(data, [checked.as_text()], said, PROBLEM)
