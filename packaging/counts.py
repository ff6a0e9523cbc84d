"""How many tests passed, failed and were skipped, from pytest's own report file."""

import dataclasses
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Self


@dataclasses.dataclass(frozen=True)
class Counts:
    """Numbers of tests. An error in set-up or tear-down counts as failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @classmethod
    def read(cls, report: Path) -> Self:
        """Read a JUnit file as pytest writes it; nothing ran where it is not there."""
        if not report.is_file():
            return cls()
        every = failed = skipped = 0
        # The file is our own pytest's, written a moment ago: nothing hostile is in it.
        for suite in ET.parse(report).iter("testsuite"):  # noqa: S314
            every += int(suite.get("tests", 0))
            failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0))
        return cls(every - failed - skipped, failed, skipped)

    def line(self) -> str:
        """The closing line: ``N passed, N failed`` and, where there are any, ``, N skipped``."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"
