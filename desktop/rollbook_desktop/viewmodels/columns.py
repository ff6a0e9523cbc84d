"""The columns of the lists: what each shows and what SQL sorts it by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication

from rollbook.client.values import RecordRow
from rollbook_desktop.viewmodels import moments
from rollbook_desktop.viewmodels.labels import field_label, mark_label

translate = QCoreApplication.translate
MARK_ICONS = {"waiting": "waiting", "parked": "needs-you", "conflict": "conflict"}


@dataclass(frozen=True, slots=True)
class Column:
    """``sort`` is a field that the query sorts by; empty where it does not."""

    key: str
    title: Callable[[], str]
    text: Callable[[RecordRow], str]
    sort: str
    width: int


def display_name(values: dict[str, Any]) -> str:
    """A student's name as a list shows it: family name first; one word is enough (D7)."""
    latin = ", ".join(str(part) for key in ("family_name", "given_name") if (part := values.get(key)))
    native = str(values.get("native_name") or "")
    if not latin:
        return native or translate("students", "(no name)")
    return f"{latin}  ·  {native}" if native and native != latin else latin


def _of(field: str) -> Callable[[RecordRow], str]:
    return lambda row: str(row.values.get(field) or "")


STUDENT_COLUMNS = (
    Column("name", lambda: translate("students", "Name"), lambda row: display_name(row.values), "name", 240),
    Column(
        "student_number", lambda: field_label("student_number"), _of("student_number"), "student_number", 118
    ),
    Column("grade_level", lambda: field_label("grade_level"), _of("grade_level"), "grade_level", 66),
    Column("homeroom", lambda: field_label("homeroom"), _of("homeroom"), "homeroom", 66),
    Column(
        "birth_date",
        lambda: translate("students", "Born"),
        lambda row: moments.day(row.values.get("birth_date")),
        "birth_date",
        90,
    ),
    Column("phone", lambda: field_label("phone"), _of("phone"), "phone", 130),
    Column("mark", lambda: translate("students", "State"), lambda row: mark_label(row.mark), "", 104),
)

SECTION_COLUMNS = (
    Column("title", lambda: translate("classes", "Class"), _of("title"), "title", 200),
    Column("grade_level", lambda: field_label("grade_level"), _of("grade_level"), "grade_level", 66),
    Column("class_code", lambda: field_label("class_code"), _of("class_code"), "class_code", 110),
    Column("location", lambda: field_label("location"), _of("location"), "", 90),
)
