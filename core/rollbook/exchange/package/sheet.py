"""One file of a package as it was read, asked by heading whatever the letters' case."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from rollbook.exchange.headings import folded, is_secret
from rollbook.exchange.outcomes import FileWarning
from rollbook.exchange.package.layout import FILLED
from rollbook.exchange.table import Row, Table

key_of = lru_cache(4096)(folded)
"""A heading or word as it is compared; the same few come in every row."""


class Sheet:
    """``file`` is its name as the format spells it; ``table`` what was read."""

    def __init__(self, file: str, table: Table) -> None:
        self.file = file
        self.table = table
        self._places = {key_of(heading): place for place, heading in reversed(list(enumerate(table.headers)))}
        self.rows: list[Row] = [row for row in table.rows if not row.fault]
        self.faulty: list[Row] = [row for row in table.rows if row.fault]

    def has(self, heading: str) -> bool:
        """Whether there is a column of that heading."""
        return key_of(heading) in self._places

    def place(self, heading: str) -> int:
        """Which column it is."""
        return self._places[key_of(heading)]

    def spelled(self, heading: str) -> str:
        """The heading as the file spells it; as given, where there is none."""
        place = self._places.get(key_of(heading))
        return heading if place is None else self.table.headers[place]

    def cell(self, row: Row, heading: str) -> str:
        """What stands there, without blanks around it; empty where there is no such column."""
        place = self._places.get(key_of(heading))
        return "" if place is None else row.cells[place].strip()

    def ids(self, row: Row, heading: str) -> tuple[str, ...]:
        """The ids in a cell that holds a list, each once."""
        parts = (part.strip() for part in self.cell(row, heading).split(","))
        return tuple(dict.fromkeys(part for part in parts if part))

    def warnings(self, used: Mapping[str, Collection[int]], derived: Iterable[str]) -> Iterator[FileWarning]:
        """What is to be said of its headings: how they are spelled, and which hold what is not kept.

        ``used`` tells of each heading in which rows it is; ``derived`` say nothing that could be lost.
        """
        known = {key_of(heading): heading for heading in (*used, *derived)}
        odd = [
            heading
            for heading in self.table.headers
            if heading != known.get(key_of(heading), heading) and key_of(heading) in known
        ]
        if odd:
            named = ", ".join(f"“{heading}” for “{known[key_of(heading)]}”" for heading in odd)
            yield FileWarning("letter-case", f"{self.file}: headings {named}; they were understood.")
        left = [
            f"“{heading}” ({number:,} rows)"
            for place, heading in enumerate(self.table.headers)
            if not is_secret(heading)
            and key_of(heading) not in {key_of(each) for each in derived}
            and (number := self._filled(place, used.get(known.get(key_of(heading), ""), ())))
        ]
        if left:
            yield FileWarning("columns-left-out", f"{self.file}: left out: {', '.join(left)}.")
        secret = [heading for heading in self.table.headers if is_secret(heading)]
        if secret:
            yield FileWarning(
                "secret", f"{self.file}: passwords are never stored; left out: {', '.join(secret)}."
            )

    def _filled(self, place: int, used: Collection[int]) -> int:
        heading = self.table.headers[place]
        return sum(
            bool(row.cells[place].strip()) and row.number not in used and heading not in self.ids(row, FILLED)
            for row in self.rows
        )
