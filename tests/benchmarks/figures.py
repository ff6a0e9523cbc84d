"""Figures as they are printed: a value, its unit, and its ratio to a limit."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the report; its limit is printed with one decimal less than its value."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    limit_name: str = ""
    decimals: int = 1

    def line(self) -> str:
        """The figure with its ratio."""
        text = f"{self.name:<46} {self.value:>12,.{self.decimals}f} {self.unit}"
        if self.limit:
            limit = f"{self.limit:,.{self.decimals - 1}f}"
            text += f"   {self.value / self.limit:>8.3f} of {self.limit_name} ({limit})"
        return text


def milliseconds(work: Callable[[], object], times: int = 20) -> tuple[float, float]:
    """Median and 95th percentile of the time that ``work`` takes, in ms."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return statistics.median(found), statistics.quantiles(found, n=20)[-1]
