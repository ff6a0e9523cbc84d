"""D5: any order of names, without accents or case, any script by its Latin form, number, phone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.schema.search_text import asked_words, searched_words
from rollbook.server.demo.names import Name, names_of
from rollbook.server.demo.origins import ORIGINS


def finds(asked: str, *values: str) -> bool:
    """Whether a search finds a record with these values: as the index does it."""
    words = searched_words(values).split()
    return all(
        any(all(any(word.startswith(part) for word in words) for part in each) for each in alternatives)
        for alternatives in asked_words(asked)
    )


GREEKLISH = {
    "Χρήστος": "christos hristos xristos Χρηστος ΧΡΉΣΤΟΣ",
    "Ευάγγελος": "evangelos euaggelos evaggelos eyaggelos",
    "Γεωργίου": "georgiou georgioy georgiu gewrgiou",
    "Παππάς": "pappas papas",
    "Μπάμπης": "mpampis babis bampis",
    "Αντώνης": "antonis antwnis adonis",
    "Θεοδώρα": "theodora 8eodora",
    "Ξένια": "xenia ksenia 3enia",
    "Παπαδοπούλου": "papadopoulou papadopoyloy papadopulu papad Παπαδ",
    "Γιάννης": "giannis yannis yiannis",
    "Κυριάκος": "kyriakos kiriakos kuriakos",
    "Αλέξανδρος": "alexandros aleksandros",
    "Αυγουστίνος": "avgoustinos augoustinos",
    "Χατζηγιάννης": "chatzigiannis hatzigiannis xatzigiannis",
    "Δημήτρης": "dimitris dhmhtris",
    "Ηλίας": "ilias hlias",
    "Ιωάννης": "ioannis iwannhs ioannhs",
    "Ελευθέριος": "eleftherios eleutherios eleytherios",
}


SPELLINGS = [(name, each) for name, typed in GREEKLISH.items() for each in typed.split()]


@pytest.mark.parametrize(("name", "typed"), SPELLINGS)
def test_d5_a_greek_name_is_found_however_it_is_typed(name: str, typed: str) -> None:
    assert finds(typed, name)
    assert not finds(typed, "Ιουλία", "Zhou")


def test_d5_a_name_in_latin_letters_is_found_in_greek_ones() -> None:
    assert finds("Παππάς", "Pappas")
    assert finds("γιωργος", "Giorgos")


@pytest.mark.parametrize(
    ("asked", "values"),
    [
        ("nikos papad", ("Papadopoulos", "Nikos")),
        ("papad nikos", ("Papadopoulos", "Nikos")),
        ("obrien", ("O'Brien",)),
        ("o'brien", ("O’Brien",)),
        ("o'brien", ("OBrien",)),
        ("d'angelo", ("D’Angelo",)),
        ("annamaria", ("Anna-Maria",)),
        ("anna maria", ("Anna-Maria",)),
        ("anna-maria", ("Annamaria",)),
        ("αννα μαρια", ("Άννα-Μαρία",)),
        ("annamaria", ("Άννα-Μαρία",)),
        ("strasse", ("Straße",)),
        ("soren", ("Søren",)),
        ("łukasz", ("Łukasz",)),
        ("lukasz", ("Łukasz",)),
        ("isik", ("Işık",)),
        ("cheng", ("程",)),
        ("petrova", ("Петрова",)),
        ("петр", ("Петрова",)),
        ("210-1234567", ("+30 210 1234567",)),
        ("2101234567", ("+30 210 1234567",)),
        ("210 1234567", ("2101234567",)),
        ("+30 210 123 4567", ("2101234567",)),
        ("00302101234567", ("+302101234567", "2101234567")),
        ("1234567", ("+30 210 1234567",)),
        ("4567", ("2101234567",)),
        ("maria 4567", ("Maria", "210 1234567")),
        ("123 45 67", ("+302101234567",)),
        ("wang xiaoming", ("王小明",)),
        ("xiaoming", ("王小明",)),
        ("minsu gim", ("김민수",)),
        ("petrosyan", ("Պետրոսյան",)),
        ("123", ("000123",)),
        ("000123", ("000123",)),
        ("obrien", ("Παπαδοπούλου-O'Brien",)),
        ("x", ("Xenia",)),
    ],
)
def test_d5_it_is_found(asked: str, values: tuple[str, ...]) -> None:
    assert finds(asked, *values)


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("124", "000123"),
        ("567", "2101234567"),
        ("3456", "2101234567"),
        ("ming", "Wang"),
        ("007", "0712"),
        ("obrian", "O'Brien"),
        ("maria", "Mario"),
    ],
)
def test_d5_what_is_another_is_not_found(asked: str, value: str) -> None:
    assert not finds(asked, value)


@pytest.mark.parametrize("asked", ["", "  ", "-", "’", "(", '"', "a OR b", "*"])
def test_d5_what_means_something_to_an_index_is_only_text(asked: str) -> None:
    assert all(part.isalnum() for each in asked_words(asked) for words in each for part in words)


_GREEK = [name for name in (*names_of(ORIGINS[0]).girls, *names_of(ORIGINS[0]).boys) if name.latin != "Gogo"]


@given(st.sampled_from(_GREEK), st.integers(1, 40))
def test_d5_a_greek_name_is_found_by_its_beginning_and_by_its_romanised_form(name: Name, length: int) -> None:
    assert finds(name.native[:length], name.native)
    assert finds(name.latin, name.native)


@given(st.text(max_size=30), st.text(max_size=30))
def test_d5_a_record_is_found_by_all_that_it_is_called(first: str, second: str) -> None:
    assert finds(f"{second} {first}", first, second)
