"""What is printed: data stays data, headings on each page, English and Greek (D13)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from rollbook.exchange import NotPrintableError, UnwritableFileError
from rollbook.exchange.paper_words import LANGUAGES, date_in, words_in
from rollbook.exchange.papers import Printing, certificate, class_list
from rollbook.exchange.typesetting import print_paper, typeset

GREEK = Printing("Σχολείο Λιμανιού", "maria", date(2026, 11, 28), "el")
ENGLISH = replace(GREEK, school="Harbour School", language="en")
MARKUP = '#panic("x") *bold* \\ $x$ _a_ `b` <c> @d [e] // f'
ELENI = {"family_name": "Παππά", "given_name": "Ελένη", "birth_date": "2014-02-28", "student_number": "007"}


def _cells(template: str, paper: dict[str, Any]) -> set[str]:
    """The text of every cell of its tables, as the typesetter has understood it."""
    (page,) = typeset(template, paper, "html")
    found = re.findall(r"<t[dh]>(?:<[a-z]+[^>]*>)*(.*?)(?:</[a-z]+>)*</t[dh]>", page.decode())
    return {unescape(cell) for cell in found}


def _glyphs(page: bytes) -> list[bytes]:
    """The letters of a page in the order in which they are drawn: one name for each shape."""
    return re.findall(rb'href="#(\w+)"', page)


def _like(first: Sequence[bytes], second: Sequence[bytes]) -> int:
    """How many at the beginning are the same."""
    return next((at for at, (one, other) in enumerate(zip(first, second, strict=False)) if one != other), 0)


def _many(count: int) -> list[dict[str, str]]:
    return [ELENI | {"given_name": f"Ελένη {number}"} for number in range(count)]


@pytest.mark.parametrize("printing", [ENGLISH, GREEK])
def test_d13_a_class_list_is_a_pdf_with_the_names_in_the_readers_language(printing: Printing) -> None:
    paper = class_list(printing, "Α1", [ELENI], ["Maria Kyriakou"])
    (pdf,) = typeset("class-list", paper)
    assert pdf.startswith(b"%PDF-")
    words = words_in(printing.language)
    born = date_in(printing.language, "2014-02-28")
    assert {"007", "Παππά", "Ελένη", born, words["family_name"]} <= _cells("class-list", paper)


def test_d13_a_name_with_the_typesetters_own_signs_is_printed_as_it_is() -> None:
    odd = ELENI | {"family_name": MARKUP, "given_name": MARKUP}
    printing = replace(GREEK, school=MARKUP, printed_by=MARKUP)
    assert MARKUP in _cells("class-list", class_list(printing, MARKUP, [odd], [MARKUP]))
    sheet = certificate(printing, odd, [{"entry_date": "2025-09-11", "grade_level": MARKUP}])
    assert {MARKUP, f"{MARKUP} {MARKUP}"} <= _cells("certificate", sheet)
    assert typeset("certificate", sheet)[0].startswith(b"%PDF-")


def test_d13_500_names_make_several_pages_each_with_the_heads_of_page_and_table() -> None:
    paper = class_list(ENGLISH, "A1", _many(500))
    pages = [_glyphs(page) for page in typeset("class-list", paper, "svg")]
    assert 10 <= len(pages) <= 20
    columns = ("row", "student_number", "family_name", "given_name", "birth_date", "remarks")
    heads = ["Harbour School", "Class list · A1", *(paper["words"][name] for name in columns)]
    letters = sum(len(head.replace(" ", "")) for head in heads)
    assert [page for page in pages[1:] if _like(page, pages[2 if page is pages[1] else 1]) < letters] == []


@pytest.mark.parametrize(
    ("stays", "statement", "shown"),
    [
        (
            [{"entry_date": "2020-09-11", "exit_date": "2022-06-15"}, {"entry_date": "2025-09-11"}],
            "current",
            1,
        ),
        ([{"entry_date": "2020-09-11", "exit_date": "2022-06-15"}], "left", 0),
        ([{"entry_date": "2027-09-11"}], "pre_registered", 0),
    ],
)
def test_d13_a_certificate_says_what_the_enrolments_say(
    stays: list[dict[str, str]], statement: str, shown: int
) -> None:
    paper = certificate(ENGLISH, ELENI, stays)
    assert paper["statement"] == words_in("en")[statement]
    assert ["At the school from", date_in("en", stays[shown]["entry_date"])] in paper["rows"]


def test_d13_without_an_enrolment_nothing_is_certified() -> None:
    with pytest.raises(NotPrintableError, match="Enter one"):
        certificate(ENGLISH, ELENI, [])


def test_d13_every_language_has_every_word() -> None:
    assert len({frozenset(words_in(language)) for language in LANGUAGES}) == 1
    assert date_in("el", "2026-05-01") == "1 Μαΐου 2026"


def test_d13_a_paper_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    paper = class_list(ENGLISH, "Α1", [ELENI])
    for name in ("list.doc", "nowhere/list.pdf"):
        with pytest.raises(UnwritableFileError):
            print_paper(tmp_path / name, "class-list", paper)
    with pytest.raises(NotPrintableError):
        print_paper(tmp_path / "list.pdf", "class-list", {"title": "no paper"})
    assert list(tmp_path.iterdir()) == []
    size = print_paper(tmp_path / "list.pdf", "class-list", paper)
    assert (tmp_path / "list.pdf").stat().st_size == size
    with pytest.raises(UnwritableFileError, match="already"):
        print_paper(tmp_path / "list.pdf", "class-list", paper)
