"""The grammar of `rollbookctl figures`."""

from fractions import Fraction

from rollbook.cli import grammar
from rollbook.cli.figures import THRESHOLDS, at_least_one, per_cent
from rollbook.cli.grammar import Commands
from rollbook.client.figures import RULES, Thresholds


def add(commands: Commands) -> None:
    """Add the command with its verbs."""
    rules = "; ".join(f"{name}: {says}" for name, says in RULES.items())
    verbs = grammar.verbs(
        commands, "figures", "attendance, averages, and who is at risk, without the network"
    )
    student = grammar.leaf(verbs, "student", "of one student", rules)
    student.add_argument("id", metavar="STUDENT_ID")
    section = grammar.leaf(verbs, "section", "of one class, and of the other classes of its course", rules)
    section.add_argument("id", metavar="SECTION_ID")
    risk = grammar.leaf(verbs, "risk", "who is at risk, with each reason and its figures", rules)
    among = risk.add_mutually_exclusive_group()
    among.add_argument("--section", metavar="SECTION_ID", help="of this class alone")
    among.add_argument("--grade", metavar="GRADE_LEVEL", help="of this grade alone")
    usual = Thresholds()
    for verb in (student, section, risk):
        for name, says in THRESHOLDS.items():
            value = getattr(usual, name)
            kind = per_cent if isinstance(value, Fraction) else at_least_one
            text = f"{says}; {value} unless it is given"
            verb.add_argument(f"--{name.replace('_', '-')}", type=kind, default=value, metavar="N", help=text)
