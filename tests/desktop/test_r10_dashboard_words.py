"""The dashboard's words: what is known, how old it is, and why something is not there (R10, W16)."""

from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from rollbook.contract.dashboard import DashboardPart, PartStatus
from rollbook.contract.weather import CONDITIONS
from rollbook_desktop.viewmodels.dashboard_words import PartWords, summary_of, words_of
from rollbook_desktop.viewmodels.reason_words import connection_words, part_words

pytestmark = pytest.mark.usefixtures("qapp")
AS_OF = "2026-11-28T08:00:00+00:00"
WEATHER: dict[str, Any] = {
    "place": "Athens",
    "condition": "rain",
    "temperature": -0.4,
    "temperature_least": -5.5,
    "temperature_most": 3.0,
    "wind_speed": 0.0,
    "precipitation": 0.0,
    "notes": {},
}


def ok(data: Any, age: int = 0) -> DashboardPart:
    return DashboardPart(PartStatus.OK, data, "", AS_OF, age)


def told(name: str, data: Any) -> PartWords:
    return words_of(name, ok(data), 0.0)


@pytest.mark.parametrize(
    ("age", "since", "fresh"),
    [
        (0, 0.0, "Up to date"),
        (59, 0.9, "Up to date"),
        (59, 1.0, "Up to date 1 minute ago"),
        (100, 20.0, "Up to date 2 minutes ago"),
    ],
)
def test_r10_a_fresh_part_says_its_age_from_a_minute_on(age: int, since: float, fresh: str) -> None:
    words = words_of("students", ok({"count": 3}, age), since)
    assert (words.fresh, words.tone, words.why) == (fresh, "good", "")


def test_r10_a_part_told_long_ago_is_not_called_up_to_date() -> None:
    assert words_of("students", ok({"count": 3}, 100), 200.0).tone == "good"
    words = words_of("students", ok({"count": 3}, 100), 201.0)
    assert (words.tone, words.fresh[:26], words.why) == ("warn", "As it was 5 minutes ago (2", "")


def test_r10_a_stale_part_says_its_age_the_time_here_included() -> None:
    part = DashboardPart(PartStatus.STALE, {"count": 3}, "database-busy", AS_OF, 3_500)
    words = words_of("students", part, 101.0)
    assert words.fresh.startswith("As it was 1 hour ago (28/11/2026")
    assert (words.tone, words.why) == ("warn", "The school's database is busy.")
    assert words.told.headline == "3"


def test_r10_where_the_server_is_away_why_is_said_once() -> None:
    part = DashboardPart(PartStatus.STALE, {"count": 3}, "unreachable", AS_OF, 3 * 86_400)
    words = words_of("students", part, 0.0, server_away=True)
    assert (words.fresh.startswith("As it was 3 days ago"), words.why) == (True, "")
    summary = summary_of((words, words), "unreachable")
    assert summary == "The school's server can't be reached. 2 parts are older."


def test_r10_a_part_that_is_not_there_says_why_and_shows_no_number() -> None:
    part = DashboardPart(PartStatus.UNAVAILABLE, None, "timeout")
    words = words_of("weather", part, 0.0)
    assert (words.fresh, words.why) == ("Not available", "The weather service did not answer in time.")
    assert words.told.headline == words.told.caption == ""
    assert "0" not in words.spoken
    assert summary_of((words,)) == "1 part is not available."


@pytest.mark.parametrize("name", ["students", "grade_levels", "weather"])
@pytest.mark.parametrize("data", [None, [], {}, "text", 7, {"count": "many"}, [{"grade": 1}], [1]])
def test_r10_what_another_version_may_mean_is_not_guessed(name: str, data: Any) -> None:
    if (name, data) in [("grade_levels", []), ("grade_levels", {})]:
        return  # no students yet
    words = told(name, data)
    assert words.fresh == "Not available"
    assert words.told.headline == ""


def test_r10_what_is_not_known_of_the_weather_is_said_and_is_no_zero() -> None:
    unknown = WEATHER | dict.fromkeys(("temperature", "temperature_least", "condition", "wind_speed"))
    words = told("weather", unknown)
    assert (words.told.headline, words.told.caption) == ("– °C", "The sky is not known")
    assert words.told.lines == ("The temperature is not known.",)
    assert words.tone == "good"


def test_r10_zero_is_said_where_it_is_known() -> None:
    words = told("weather", WEATHER)
    assert words.told.headline == "0 °C"
    assert "Wind 0 km/h" in words.told.lines
    assert told("students", {"count": 0}).told.headline == "0"


def test_r10_every_condition_of_the_contract_has_words_and_a_picture() -> None:
    captions = {told("weather", WEATHER | {"condition": word}).told.caption for word in CONDITIONS}
    assert len(captions) == len(CONDITIONS)
    assert "The sky is not known" not in captions


def test_w17_grades_stand_in_the_order_of_people() -> None:
    counts = {"10": 5, "2": 10, None: 1, "K": 4, "1": 0}
    words = told("grade_levels", [{"grade_level": grade, "count": count} for grade, count in counts.items()])
    assert words.told.bars == (
        ("1", "0", 0.0),
        ("2", "10", 1.0),
        ("10", "5", 0.5),
        ("K", "4", 0.4),
        ("Grade not given", "1", 0.1),
    )
    assert "Grade not given: 1" in words.spoken


def test_w16_a_school_without_students_is_no_failure() -> None:
    words = told("grade_levels", [])
    assert (words.fresh, words.told.lines) == ("Up to date", ("There are no students yet.",))


def test_w9_a_code_that_is_not_known_is_told_with_its_name() -> None:
    assert "strange-code" in part_words("students", "strange-code")
    assert "strange-code" in part_words("weather", "strange-code")
    assert connection_words("strange-code") == "The school's server has trouble."


def test_w24_numbers_are_grouped_as_the_locale_does(qapp: QApplication) -> None:
    assert told("students", {"count": 1_240}).told.headline == "1,240"
