"""The made-up school's years: terms, grading periods, and the days on which it is open."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from rollbook.server.demo.chance import made_up_id
from rollbook.server.sync.new_records import NewRecord

_BEGINS, _TERM_ENDS, _ENDS = (9, 11), (1, 20), (6, 15)
_CLOSED = (((12, 24), (1, 7)), ((4, 6), (4, 19)))
_SINGLE_DAYS = ((10, 28), (3, 25), (5, 1))
_AUGUST = 8


@dataclass(frozen=True)
class Year:
    """The school year that begins in the autumn of ``autumn``."""

    autumn: int
    seed: int

    @property
    def first_day(self) -> date:
        """When lessons begin."""
        return date(self.autumn, *_BEGINS)

    @property
    def last_day(self) -> date:
        """When they end."""
        return date(self.autumn + 1, *_ENDS)

    @property
    def id(self) -> str:
        """The id of its session."""
        return self._id("year")

    @property
    def title(self) -> str:
        """As people say it: 2025/26."""
        return f"{self.autumn}/{(self.autumn + 1) % 100:02d}"

    @cached_property
    def open_days(self) -> tuple[date, ...]:
        """The days with lessons, in order."""
        span = (self.last_day - self.first_day).days
        every = (self.first_day + timedelta(number) for number in range(span + 1))
        return tuple(day for day in every if day.weekday() < 5 and not _is_closed(day))

    @property
    def periods(self) -> tuple[tuple[str, date, date], ...]:
        """The grading periods: id, first and last day."""
        return tuple((self._id(f"period-{n}"), *span) for n, span in enumerate(self._quarters(), 1))

    def sessions(self, *, is_over: bool) -> Iterator[NewRecord]:
        """The year, its terms, their grading periods."""
        locked = {"locked": "yes" if is_over else "no"}
        yield self._session("year", self.title, "school_year", None, self.first_day, self.last_day, locked)
        quarters = self._quarters()
        for term, name in enumerate(("Autumn term", "Spring term")):
            parts = quarters[2 * term : 2 * term + 2]
            title = f"{name} {self.title}"
            yield self._session(f"term-{term + 1}", title, "term", "year", parts[0][0], parts[1][1], locked)
            for half, (first, last) in enumerate(parts, 2 * term + 1):
                entry = {
                    "entry_opens": first.isoformat(),
                    "entry_closes": (last + timedelta(14)).isoformat(),
                }
                name_of_half = f"Grading period {half}, {self.title}"
                yield self._session(
                    f"period-{half}",
                    name_of_half,
                    "grading_period",
                    f"term-{term + 1}",
                    first,
                    last,
                    locked | entry,
                )

    def _session(
        self,
        key: str,
        title: str,
        kind: str,
        parent: str | None,
        first: date,
        last: date,
        more: dict[str, str],
    ) -> NewRecord:
        values = {
            "title": title,
            "type": kind,
            "parent_id": self._id(parent) if parent else None,
            "start_date": first.isoformat(),
            "end_date": last.isoformat(),
            **more,
        }
        return "academic_session", self._id(key), values

    def _quarters(self) -> list[tuple[date, date]]:
        half = date(self.autumn + 1, *_TERM_ENDS)
        ends = (date(self.autumn, 11, 15), half, date(self.autumn + 1, 3, 31), self.last_day)
        begins = (self.first_day, *(end + timedelta(1) for end in ends[:-1]))
        return list(zip(begins, ends, strict=True))

    def _id(self, key: str) -> str:
        return made_up_id("academic_session", self.seed, self.autumn, key)


def year_of(today: date, seed: int) -> Year:
    """The school year that ``today`` is in; in the summer it is the one that has just ended."""
    return Year(today.year if today.month > _AUGUST else today.year - 1, seed)


def _is_closed(day: date) -> bool:
    if (day.month, day.day) in _SINGLE_DAYS:
        return True
    for first, last in _CLOSED:
        inside = first <= (day.month, day.day) <= last
        over_new_year = first > last and ((day.month, day.day) >= first or (day.month, day.day) <= last)
        if inside or over_new_year:
            return True
    return False
