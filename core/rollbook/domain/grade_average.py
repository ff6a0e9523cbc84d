"""What a student's results come to (D2), in per cent of what could be reached; on a scale when it is shown.

A result counts with its score over the best score of its line item, and never with more than that. Exempt
ones do not count, nor what is handed in and not marked yet. What is missing counts as nothing reached;
what is only not handed in does not count until somebody says that it is missing. Line items weigh as they
say, 1 unless they do; of each category the lowest results are left out that it says; categories that hold
results weigh against each other likewise. Without results there is no average, which is not 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from rollbook.domain.entity import Values

_WITHOUT = ""
"""The category of line items that are in none."""


@dataclass(frozen=True, slots=True)
class Average:
    """``percent`` of what could be reached, from ``counted`` results; by category id where there are some.

    Exact until it is shown: who is just on a boundary is never a hair below it.
    """

    percent: Fraction
    counted: int
    categories: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class _Counted:
    """A result that counts: its share of the best score, and its weight."""

    share: Fraction
    weight: Fraction


def average_of(
    results: Iterable[Values], line_items: Mapping[str, Values], categories: Mapping[str, Values]
) -> Average | None:
    """The average of one student's ``result`` records; ``None`` where none counts.

    ``line_items`` and ``categories`` are records by id. Results of unknown line items do not count.
    """
    by_category: dict[str, list[_Counted]] = {}
    for result in results:
        item = line_items.get(result["line_item_id"])
        counted = None if item is None else _counted(result, item)
        if item is not None and counted is not None:
            name = item.get("category_id") or _WITHOUT
            by_category.setdefault(name if name in categories else _WITHOUT, []).append(counted)
    kept = {name: _kept(found, categories.get(name)) for name, found in by_category.items()}
    shares = {name: share for name, found in kept.items() if (share := _mean(found)) is not None}
    whole = _mean([_Counted(share, _weight(categories.get(name) or {})) for name, share in shares.items()])
    if whole is None:
        return None
    counted_in_all = sum(len(found) for found in kept.values())
    parts = {name: share * 100 for name, share in shares.items() if name != _WITHOUT}
    return Average(whole * 100, counted_in_all, parts)


def on_scale(percent: Fraction, scale: Values) -> str:
    """``percent`` as the scale writes it: a number with one decimal (half up), or the letter of its step."""
    if scale.get("kind") == "letters":
        return _letter(percent, scale.get("steps") or "")
    lowest, highest = Fraction(scale.get("minimum") or 0), Fraction(scale.get("maximum") or 100)
    value = lowest + (highest - lowest) * percent / 100
    return shown(value)


def shown(value: Fraction) -> str:
    """A figure for people: one decimal, half up."""
    tenths = (Decimal(value.numerator) * 10 / value.denominator).quantize(Decimal(1), ROUND_HALF_UP)
    return str(tenths.scaleb(-1))


def _counted(result: Values, item: Values) -> _Counted | None:
    weight = _weight(item)
    if result.get("score_status") == "exempt":
        return None
    if result.get("missing") == "yes":
        return _Counted(Fraction(0), weight)
    best = Fraction(item.get("maximum") or 0)
    if result.get("score") is None or best <= 0:
        return None
    share = Fraction(result["score"]) / best
    return _Counted(min(max(share, Fraction(0)), Fraction(1)), weight)


def _kept(found: list[_Counted], category: Values | None) -> list[_Counted]:
    """Without the lowest ones that the category leaves out; one always stays."""
    left_out = int((category or {}).get("drop_lowest") or 0)
    in_order = sorted(found, key=lambda each: (each.share, each.weight))
    return in_order[min(left_out, len(in_order) - 1) :]


def _mean(found: list[_Counted]) -> Fraction | None:
    weight = sum((each.weight for each in found), Fraction(0))
    if not weight:
        return None
    return sum((each.share * each.weight for each in found), Fraction(0)) / weight


def _weight(record: Values) -> Fraction:
    weight = record.get("weight")
    return Fraction(1) if weight is None else Fraction(weight)


def _letter(percent: Fraction, steps: str) -> str:
    """The letter of the highest step that is reached; the lowest one where none is."""
    found = [line.partition("=") for line in steps.splitlines() if "=" in line]
    in_order = sorted(((Fraction(least.strip()), letter.strip()) for letter, _, least in found), reverse=True)
    for least, letter in in_order:
        if percent >= least:
            return letter
    return in_order[-1][1] if in_order else ""
