"""What the school has of each made-up student beside the form: spells of enrolment, care, notes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from rollbook.domain.ids import natural_id
from rollbook.server.demo.chance import chance_of, made_up_id
from rollbook.server.demo.generate import Child
from rollbook.server.demo.year import Year
from rollbook.server.sync.new_records import NewRecord

_SUPPORT = (
    "Sits in the front row; large print.",
    "Speaks the language of the lessons for two years; more time in tests.",
    "Reads with a ruler; may answer aloud.",
)
_MEDICAL = ("Asthma; the spray is in the bag.", "Allergic to nuts.", "Wears a hearing aid at the left ear.")
_NOTES = (
    ("positive", "learning", "Helped a classmate to catch up without being asked."),
    ("positive", "behaviour", "Spoke for the class, calmly and well."),
    ("concern", "learning", "Homework was missing for the third time this month."),
    ("concern", "attendance", "Came late on several mornings; the bus, they say."),
    ("neutral", "meeting", "Met both parents; agreed to look again in six weeks."),
)
_NEWCOMERS, _LEAVERS, _RETURNED, _HAS_CARE, _HAS_NOTE = 0.04, 0.02, 0.01, 0.04, 0.1


@dataclass(frozen=True, slots=True)
class Pupil:
    """A student as classes need them. ``ability`` and ``away`` are shares from 0 to 1.

    ``since`` is the first day of this year here; ``until`` the last, where they have left.
    """

    id: str
    grade: int
    letters: str
    ability: float
    away: float
    since: date
    until: date | None
    was_here: bool

    @property
    def homeroom(self) -> str:
        """The class of this year."""
        return f"{self.grade}{self.letters}"

    @property
    def homeroom_before(self) -> str:
        """The class of last year."""
        return f"{self.grade - 1}{self.letters}"


def pupil_of(child: Child, seed: int, year: Year, today: date) -> Pupil:
    """How the child goes through the year."""
    chance = chance_of(seed, "pupil", child.number)
    grade = int(child.values["grade_level"])
    came, left = chance.random() < _NEWCOMERS, chance.random() < _LEAVERS
    days = [day for day in year.open_days if day <= today] or [year.first_day]
    return Pupil(
        child.id,
        grade,
        child.values["homeroom"].removeprefix(str(grade)),
        min(1.0, max(0.2, chance.gauss(0.7, 0.15))),
        min(0.4, chance.expovariate(25)),
        chance.choice(days) if came else year.first_day,
        chance.choice(days[len(days) // 2 :]) if left and not came else None,
        grade > 1 and not came,
    )


def records_of(child: Child, pupil: Pupil, school_id: str, seed: int, year: Year) -> Iterator[NewRecord]:
    """The student, and what is only theirs."""
    yield "student", child.id, child.values
    chance = chance_of(seed, "records", child.number)
    for stay in _stays(pupil, year, Year(year.autumn - 1, seed), chance):
        yield _spell(school_id, pupil, stay)
    if chance.random() < _HAS_CARE:
        yield _care(school_id, child.id, chance.choice(_MEDICAL), chance.choice(_SUPPORT))
    if chance.random() < _HAS_NOTE:
        tone, kind, text = chance.choice(_NOTES)
        day = pupil.since.isoformat()
        values = {"student_id": child.id, "date": day, "kind": kind, "tone": tone, "text": text}
        yield "note", made_up_id("note", seed, child.number), values


@dataclass(frozen=True, slots=True)
class _Stay:
    year_id: str
    grade: int
    entry: tuple[date, str]
    exit: tuple[date, str] | None = None


def _stays(pupil: Pupil, year: Year, before: Year, chance: Random) -> Iterator[_Stay]:
    """Last year where they were here, for some with a break in it; then this year."""
    if pupil.was_here:
        grade, begin = pupil.grade - 1, (before.first_day, "next_year" if pupil.grade > 2 else "new")
        end = (before.last_day, "end_of_year")
        if chance.random() < _RETURNED:
            left = before.first_day + timedelta(60)
            yield _Stay(before.id, grade, begin, (left, "withdrawn"))
            yield _Stay(before.id, grade, (left + timedelta(45), "re_entry"), end)
        else:
            yield _Stay(before.id, grade, begin, end)
    newcomer = "new" if pupil.grade == 1 else "transfer"
    entry = (pupil.since, "next_year" if pupil.was_here else newcomer)
    yield _Stay(year.id, pupil.grade, entry, (pupil.until, "transferred") if pupil.until else None)


def _spell(school_id: str, pupil: Pupil, stay: _Stay) -> NewRecord:
    entered = stay.entry[0].isoformat()
    values = {
        "student_id": pupil.id,
        "school_year_id": stay.year_id,
        "grade_level": str(stay.grade),
        "entry_date": entered,
        "entry_type": stay.entry[1],
    }
    if stay.exit is not None:
        values |= {"exit_date": stay.exit[0].isoformat(), "exit_type": stay.exit[1]}
    return "enrolment", natural_id("enrolment", school_id, pupil.id, entered), values


def _care(school_id: str, student_id: str, medical: str, support: str) -> NewRecord:
    values = {"student_id": student_id, "medical": medical, "support": support}
    return "care", natural_id("care", school_id, student_id), values
