"""Whatever a package holds, each of its rows has an outcome and nothing crashes (D8, D9)."""

import contextlib
import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.exchange import ExchangeError
from rollbook.exchange.package import PackagePlan
from support.packages import SMALL, carried_out, plan_of, texts, zipped

_CELLS = st.sampled_from(
    [
        "",
        "s1",
        "s2",
        "t9",
        "cl",
        "org",
        "NULL",
        "student",
        "TEACHER",
        "tobedeleted",
        "2026-13-01",
        "1,2",
        '"',
        "\x00",
        "é",
    ]
)
_NAMES = sorted(SMALL)


@st.composite
def _spoilt(draw: st.DrawFn) -> dict[str, str | bytes]:
    """The small school with cells, lines and whole files that are not as they should be."""
    rows = {name: list(lines) for name, lines in SMALL.items()}
    for _turn in range(draw(st.integers(0, 8))):
        name = draw(st.sampled_from(_NAMES))
        if rows[name]:
            place = draw(st.integers(0, len(rows[name]) - 1))
            cells = rows[name][place].split(",")
            cells[draw(st.integers(0, len(cells) - 1))] = draw(_CELLS)
            rows[name].insert(draw(st.integers(0, len(rows[name]))), ",".join(cells))
    files: dict[str, str | bytes] = dict(texts(rows, draw(st.sampled_from(["bulk", "delta", "Bulk", "all"]))))
    for name in draw(st.lists(st.sampled_from(sorted(files)), max_size=2)):
        files[name] = draw(
            st.sampled_from([b"", b"\x00\x01", b"sourcedId", b"%PDF", b"\xff\xfea\x00", b"a;b\n1\n"])
        )
    return files


@settings(max_examples=40, deadline=None)
@given(_spoilt())
def test_d8_d9_a_spoilt_package_is_told_row_by_row(files: dict[str, str | bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = zipped(Path(folder) / "spoilt.zip", files)
        plan = _planned(path)
        if plan is not None:
            again = plan_of(path, carried_out(plan))
            assert again.rows_read == plan.rows_read
            assert not [part for part in again.parts if list(part.to_write())]


def _planned(path: Path) -> PackagePlan | None:
    """The plan, where the package can be taken in at all."""
    with contextlib.suppress(ExchangeError):
        return plan_of(path)
    return None


def test_d8_a_zip_with_flipped_bytes_is_read_or_refused(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "whole.zip", texts(SMALL)).read_bytes()
    chance, refused = random.Random(5), 0
    for _turn in range(300):
        data = bytearray(whole)
        for _flip in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        (tmp_path / "flipped.zip").write_bytes(data)
        refused += _planned(tmp_path / "flipped.zip") is None
    assert 0 < refused < 300
