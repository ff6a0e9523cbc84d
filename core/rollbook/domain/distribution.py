"""How figures of a class are spread, and how classes of one course stand beside each other; exact (D2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

BAND = 10
"""Per cent: how wide a band is."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """``count`` figures in per cent, at least one. ``bands``: those from 0 to under 10, …, from 90 to 100."""

    count: int
    lowest: Fraction
    lower_quartile: Fraction
    median: Fraction
    upper_quartile: Fraction
    highest: Fraction
    mean: Fraction
    bands: tuple[int, ...]


def distribution_of(percents: Iterable[Fraction]) -> Distribution | None:
    """How the figures (0 to 100) are spread; ``None`` where there are none: nothing is known then."""
    in_order = sorted(percents)
    if not in_order:
        return None
    return Distribution(
        count=len(in_order),
        lowest=in_order[0],
        lower_quartile=quantile(in_order, Fraction(1, 4)),
        median=quantile(in_order, Fraction(1, 2)),
        upper_quartile=quantile(in_order, Fraction(3, 4)),
        highest=in_order[-1],
        mean=sum(in_order, Fraction(0)) / len(in_order),
        bands=bands_of(in_order),
    )


def quantile(in_order: Sequence[Fraction], share: Fraction) -> Fraction:
    """The figure below which ``share`` (0 to 1) of the others lie, on the line between its two neighbours.

    This is the definition that spreadsheets use (type 7 of Hyndman and Fan, 1996). At least one figure.
    """
    place = share * (len(in_order) - 1)
    below = int(place)
    above = min(below + 1, len(in_order) - 1)
    return in_order[below] + (in_order[above] - in_order[below]) * (place - below)


def bands_of(percents: Iterable[Fraction]) -> tuple[int, ...]:
    """How many lie in each band, from 0 up; 100 belongs to the last one."""
    bands = [0] * (100 // BAND)
    for percent in percents:
        bands[min(int(percent) // BAND, len(bands) - 1)] += 1
    return tuple(bands)


@dataclass(frozen=True, slots=True)
class Standing:
    """One class among those of its course. ``from_all``: by how many points its median lies above that of
    the students of all of them together; ``None`` of both where it has no figures."""

    distribution: Distribution | None
    from_all: Fraction | None


def compared(percents: Mapping[str, Sequence[Fraction]]) -> dict[str, Standing]:
    """Each class's standing by its id, from the figures of its students."""
    together = distribution_of(percent for own in percents.values() for percent in own)
    found = {}
    for name, own in percents.items():
        spread = distribution_of(own)
        apart = spread.median - together.median if spread and together else None
        found[name] = Standing(spread, apart)
    return found
