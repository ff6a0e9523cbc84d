"""The command line's grammar; stable, as scripts rely on it."""

import argparse
from datetime import date
from pathlib import Path

from platformdirs import user_data_path

from rollbook.cli import figures_arguments, import_arguments
from rollbook.cli.grammar import JSON, Commands, Parser
from rollbook.cli.grammar import leaf as _leaf
from rollbook.cli.grammar import verbs as _verbs
from rollbook.client.exporting import EXPORTED
from rollbook.client.kinds import WRITTEN_KINDS
from rollbook.client.printing import LANGUAGES
from rollbook.domain.student import STUDENT

_FIELDS = (
    f"Fields of a student: {', '.join(STUDENT.names)}. Dates are written 2014-02-28; FIELD= empties one."
)
_CHOOSE = (
    "FIELD=mine takes the value entered here, FIELD=theirs the school's, FIELD==VALUE another one (with two "
    "equals signs); student_number=next takes this desk's next number. “same” says that a new student is the "
    "one that the school has. Where one side archived the record: record=mine or record=theirs."
)
_CHOOSE_FOR_ANOTHER = (
    "Where the school's values changed after they were seen: FIELD=mine takes the entry's value, "
    "FIELD=theirs the school's; for a record that one side archived, record=mine or record=theirs."
)
_MARKS = (
    "Name the exceptions alone: who is not named is present. CODE is one of the school's codes; a reason may "
    "stand behind it: 1042=E:dentist"
)
_SCORES = (
    "SCORE is a number (14.5 or 14,5), exempt or missing; NUMBER= takes a score back. Who is not named keeps "
    "what they have. Where one is wrong, each is told and none is saved."
)
_REGISTER = "A dot is present, a dash a register that was not taken; days to come are left free."
_BULK = (
    "Without --change it only says how many records it would change. Given that number, it changes them, as "
    "one; where the number is not right any more, it changes nothing and says so."
)
_TURN_OVER = (
    "Promotes each student to the next grade, lets those of the last one graduate, closes the enrolments of "
    "the old year and opens those of the new one, and makes the new year's classes from the old one's. The "
    "exceptions are a CSV file or a workbook with the columns student_number (or id) and outcome: promote, "
    "repeat, skip, grade, graduate or leave; where wanted grade, homeroom and exit_type."
)
_ERASE = (
    "All that is about them goes with them, on every computer, and cannot be brought back; entries about "
    "them that wait anywhere are not saved. To let a student leave, archive them instead."
)
_ENTRY_ID = "the entry's ID, or its last letters as the list shows them"


def parser() -> Parser:
    """The parser of `rollbookctl`. A wrong use ends the program with exit code 2."""
    top = argparse.ArgumentParser(
        prog="rollbookctl",
        description="Rollbook without a window.",
        epilog="Each command tells more with --help, its verbs too: rollbookctl students add --help",
    )
    top.add_argument("--data", type=Path, default=user_data_path("rollbook"), help="the data folder")
    top.add_argument("--json", action="store_true", help=JSON)
    top.add_argument("--server", help="the server's address, if it has moved")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    _connecting(commands)
    _students(commands)
    _records(commands)
    _year(commands)
    _classes(commands)
    figures_arguments.add(commands)
    _photo(commands)
    _report(commands)
    _outbox(commands)
    _conflicts(commands)
    _proposals(commands)
    import_arguments.add(commands)
    _exporting(commands)
    _printing(commands)
    _support(commands)
    return top


def _connecting(commands: Commands) -> None:
    connect = _leaf(commands, "connect", "sign in to a school's server and keep a copy here")
    connect.add_argument("url", metavar="ADDRESS", help="of the server, such as https://school.example.org")
    connect.add_argument("--user", required=True, metavar="NAME")
    connect.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input; else it is asked",
    )
    status = _leaf(commands, "status", "where everything is")
    status.add_argument(
        "--seen",
        action="store_true",
        help="what is told was read (of the store, of the registrar's decisions): tell it no more",
    )
    leave = _leaf(commands, "sign-out", "end the session; what waits is kept for this user")
    leave.add_argument("--export", type=Path, metavar="FILE", help="write what waits there, too")
    sync = _leaf(commands, "sync", "send what waits, fetch what changed")
    sync.add_argument("--watch", action="store_true", help="go on until interrupted")
    sync.add_argument("--timeout", type=float, metavar="SECONDS")
    _leaf(commands, "verify", "check this computer's store and its place in the feed")


def _students(commands: Commands) -> None:
    verbs = _verbs(commands, "students", "find, show, add and change students")
    find = _leaf(verbs, "find", "students by the beginnings of words, in any order and script")
    find.add_argument("text", metavar="TEXT")
    listed = _leaf(verbs, "list", "all students, by name")
    listed.add_argument("--limit", type=int, default=200, metavar="N")
    _leaf(verbs, "show", "one student").add_argument("id", metavar="ID")
    add = _leaf(verbs, "add", "register a student", _FIELDS)
    add.add_argument("fields", nargs="+", metavar="FIELD=VALUE")
    add.add_argument("--number", metavar="next|NUMBER", help="the student number; next: this desk's next one")
    change = _leaf(verbs, "set", "change fields of a student", _FIELDS)
    change.add_argument("id", metavar="ID")
    change.add_argument("fields", nargs="+", metavar="FIELD=VALUE")
    _leaf(verbs, "archive", "archive a student; nothing is deleted").add_argument("id", metavar="ID")
    merge = _leaf(verbs, "merge", "two records of one person: the other one means KEEP from now on")
    merge.add_argument("keep", metavar="KEEP")
    merge.add_argument("other", metavar="OTHER")
    merge.add_argument("--take", default="", metavar="FIELD,…", help="the other’s values to take")
    merge.add_argument("--dry-run", action="store_true", help="only show what differs and what hangs on both")
    apart = _leaf(verbs, "unmerge", "tell a record that was merged apart again")
    apart.add_argument("other", metavar="OTHER")
    _leaf(verbs, "duplicates", "pairs of students who are likely one person")
    erase = _leaf(verbs, "erase", "erase a student for good, on request; for administrators, online", _ERASE)
    erase.add_argument("id", metavar="ID")
    erase.add_argument("--reason", required=True, help="kept in the school's audit trail; without the name")
    erase.add_argument("--with-contacts", action="store_true", help="contacts of nobody else, too")
    erase.add_argument("--dry-run", action="store_true", help="say what would go, and erase nothing")
    erase.add_argument("--confirm", metavar="NAME|NUMBER", help="instead of typing it when asked")
    history = _leaf(commands, "history", "who changed what of a student, and what was not kept")
    history.add_argument("id", metavar="STUDENT_ID")


def _records(commands: Commands) -> None:
    verbs = _verbs(commands, "records", "change many records at once")
    change = _leaf(verbs, "set", "set fields of many records", _BULK)
    change.add_argument("entity", metavar="KIND", choices=WRITTEN_KINDS, help="students, sections, …")
    change.add_argument("fields", nargs="+", metavar="FIELD=VALUE", help="FIELD= empties it")
    which = change.add_argument_group("which records; several conditions must hold together")
    which.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="those that hold this value; FIELD= those that hold none",
    )
    which.add_argument("--grade", metavar="GRADE", help="the same as --where grade_level=GRADE")
    which.add_argument(
        "--ids",
        type=Path,
        metavar="FILE",
        help="those that the file names, one a line: an ID or a number; - is standard input",
    )
    which.add_argument("--all", action="store_true", help="all that are not archived")
    change.add_argument("--change", type=int, metavar="N", help="change them, if they are N")


def _year(commands: Commands) -> None:
    verbs = _verbs(commands, "year", "school years, and how one turns into the next")
    _leaf(verbs, "list", "the school years, with their terms")
    turn = _leaf(verbs, "turn-over", "turn a school year into the next one", _TURN_OVER)
    turn.add_argument("--from", dest="from_year", required=True, metavar="YEAR", help="title or ID")
    turn.add_argument(
        "--to",
        dest="to_year",
        required=True,
        metavar="YEAR",
        help="title or ID; one that is not there is made, with the terms of the old one a year later",
    )
    turn.add_argument(
        "--starts", metavar="DATE", help="of a year that is made; else a year after the old one"
    )
    turn.add_argument("--ends", metavar="DATE")
    turn.add_argument("--grades", metavar="A,B,C", help="in their order, where their names do not tell it")
    turn.add_argument("--exceptions", type=Path, metavar="FILE", help="repeats, leaves, …: one a row")
    turn.add_argument(
        "--next-course",
        action="append",
        default=[],
        metavar="CODE=CODE",
        help="the course that follows one: its students come into a class of that one",
    )
    turn.add_argument("--no-sections", action="store_true", help="make no classes for the new year")
    turn.add_argument("--no-teachers", action="store_true", help="make them without their teachers")
    turn.add_argument(
        "--without-enrolment", action="store_true", help="who has no enrolment at all is at the school, too"
    )
    turn.add_argument("--leave-unclear", action="store_true", help="go on without those who are unclear")
    turn.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    turn.add_argument(
        "--report", type=Path, metavar="FILE", help="write each student's outcome: .csv or .xlsx"
    )
    turn.add_argument("--replace", action="store_true", help="a report that is there already")


def _classes(commands: Commands) -> None:
    sections = _verbs(commands, "sections", "classes, and who is in them")
    listed = _leaf(sections, "list", "sections by title, with their year")
    listed.add_argument("text", nargs="?", default="", metavar="TEXT", help="beginnings of words; else all")
    listed.add_argument("--limit", type=int, default=200, metavar="N")
    _leaf(sections, "show", "one section, with its students and what is graded").add_argument(
        "id", metavar="ID"
    )
    registers = _verbs(commands, "register", "a section's register of a day")
    show = _leaf(registers, "show", "who is in it, and their marks")
    take = _leaf(registers, "take", "enter it, as one", _MARKS)
    for verb in (show, take):
        verb.add_argument("section", metavar="SECTION", help="its ID, as rollbookctl sections list shows it")
        verb.add_argument("date", metavar="DATE", help="such as 2026-11-02")
        verb.add_argument("--period", default="day", help="of the day, where it has several registers")
    take.add_argument("marks", nargs="*", metavar="STUDENT_NUMBER=CODE[:reason]")
    grades = _verbs(commands, "grades", "results of what is graded")
    sheet = _leaf(grades, "show", "the section's students with their results")
    enter = _leaf(grades, "enter", "enter scores, as one", _SCORES)
    for verb in (sheet, enter):
        verb.add_argument("line_item", metavar="LINE_ITEM", help="its ID, as rollbookctl sections show tells")
    enter.add_argument("scores", nargs="+", metavar="STUDENT_NUMBER=SCORE")


def _photo(commands: Commands) -> None:
    verbs = _verbs(commands, "photo", "a student's photo")
    for verb, says in (("set", "take it from FILE"), ("get", "write it to FILE")):
        one = _leaf(verbs, verb, says)
        one.add_argument("id", metavar="ID")
        one.add_argument("file", type=Path, metavar="FILE")


def _report(commands: Commands) -> None:
    report = _leaf(commands, "report", "have the school's server make a report, and write it to FILE")
    report.add_argument("name", choices=("roll",), help="roll: all students by class and name, as CSV")
    report.add_argument("file", type=Path, metavar="FILE")
    report.add_argument("--homeroom", metavar="CLASS", help="of this class alone")


def _outbox(commands: Commands) -> None:
    verbs = _verbs(commands, "outbox", "entries that the school does not have yet")
    _leaf(verbs, "list", "all that wait, in the order in which they go")
    _leaf(verbs, "show", "one entry, with what the school answered").add_argument(
        "op", metavar="ID", help=_ENTRY_ID
    )
    _leaf(verbs, "retry", "send a refused or failed entry again").add_argument(
        "op", metavar="ID", help=_ENTRY_ID
    )
    discard = _leaf(verbs, "discard", "give an entry up")
    discard.add_argument("op", metavar="ID", help=_ENTRY_ID)
    discard.add_argument("--export", type=Path, metavar="FILE", help="write what is discarded there first")
    discard.add_argument("--together", action="store_true", help="with entries of others that hang on it")


def _conflicts(commands: Commands) -> None:
    verbs = _verbs(commands, "conflicts", "entries for which a person must choose")
    _leaf(verbs, "list", "all of them: which student, which fields, who and when")
    _leaf(verbs, "show", "one of them: both sides, and how to choose").add_argument(
        "op", metavar="ID", help=_ENTRY_ID
    )
    resolve = _leaf(verbs, "resolve", "choose, field by field", _CHOOSE)
    resolve.add_argument("op", metavar="ID", help=_ENTRY_ID)
    resolve.add_argument("choices", nargs="+", metavar="FIELD=mine|theirs|next|=VALUE")


def _proposals(commands: Commands) -> None:
    verbs = _verbs(commands, "proposals", "entries of users who may not write them any more")
    listed = _leaf(verbs, "list", "those that wait for a registrar's decision")
    listed.add_argument("--all", action="store_true", help="those that are decided, too")
    shown = _leaf(verbs, "show", "one of them: what was entered, and what the school has")
    accept = _leaf(verbs, "accept", "take it into the school's records", _CHOOSE_FOR_ANOTHER)
    decline = _leaf(verbs, "decline", "leave the school's records as they are")
    for verb in (shown, accept, decline):
        verb.add_argument("number", type=int, metavar="NUMBER", help="as the list shows it")
    for verb in (accept, decline):
        verb.add_argument("--note", default="", metavar="TEXT", help="told to who entered it")
    accept.add_argument("choices", nargs="*", metavar="FIELD=mine|theirs")


def _exporting(commands: Commands) -> None:
    give_out = _leaf(commands, "export", "write records to a file: .csv or .xlsx, as it ends, or a .zip")
    give_out.add_argument("file", type=Path, metavar="FILE")
    kind = give_out.add_mutually_exclusive_group()
    kind.add_argument(
        "--what", choices=EXPORTED, default="students", metavar="KIND", help=", ".join(EXPORTED)
    )
    kind.add_argument("--format", choices=("oneroster",), help="the whole school as a OneRoster 1.2 package")
    give_out.add_argument("--replace", action="store_true", help="a file that is there already")


def _printing(commands: Commands) -> None:
    verbs = _verbs(commands, "print", "papers as PDF files, from what is on this computer")
    listed = _leaf(verbs, "class-list", "who is in a class today")
    which = listed.add_mutually_exclusive_group(required=True)
    which.add_argument("--section", metavar="ID", help="the class of that ID")
    which.add_argument("--homeroom", metavar="CLASS", help="the students who have that homeroom")
    certified = _leaf(verbs, "certificate", "that a student is, was or will be at the school")
    certified.add_argument("id", metavar="STUDENT_ID")
    register = _leaf(verbs, "register", "a class's register of a week or a month", _REGISTER)
    register.add_argument("section", metavar="SECTION", help="its ID, as rollbookctl sections list shows it")
    span = register.add_mutually_exclusive_group(required=True)
    span.add_argument("--week", type=_day, metavar="DATE", help="the week of that day, such as 2026-11-02")
    span.add_argument("--month", type=_month, metavar="MONTH", help="such as 2026-11")
    register.add_argument("--period", default="day", help="of the day, where it has several registers")
    register.add_argument("--empty", action="store_true", help="to be filled in by hand")
    report = _leaf(verbs, "report-card", "courses, averages, final grades and attendance of a term")
    report.add_argument("--term", required=True, metavar="TERM", help="its title, or its ID")
    transcript = _leaf(verbs, "transcript", "the final grades and enrolments of all years")
    contacts = _leaf(verbs, "contact-sheet", "whom to call about each student, in which order")
    contacts.add_argument("--care", action="store_true", help="with health and support, for who may see them")
    for one in (report, transcript, contacts):
        _whose(one)
    for one in (listed, certified, register, report, transcript, contacts):
        one.add_argument("file", type=Path, metavar="FILE.pdf")
        one.add_argument("--language", choices=LANGUAGES, help="else the school's")
        one.add_argument("--replace", action="store_true", help="a file that is there already")


def _whose(paper: Parser) -> None:
    whose = paper.add_mutually_exclusive_group(required=True)
    whose.add_argument("--student", metavar="ID", help="this one")
    whose.add_argument("--section", metavar="ID", help="all who are in that class then")
    whose.add_argument("--homeroom", metavar="CLASS", help="the students who have that homeroom")
    whose.add_argument("--grade", metavar="GRADE", help="the students of that grade")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no date such as 2026-11-02") from error


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no month such as 2026-11") from error


def _support(commands: Commands) -> None:
    verbs = _verbs(commands, "support", "find a request's story, make a file for support")
    _leaf(verbs, "find", "what is known of a request, here and at the server").add_argument(
        "request_id", metavar="REQUEST_ID"
    )
    _leaf(verbs, "bundle", "a file for support, without pupils' data").add_argument(
        "file", type=Path, metavar="FILE"
    )
