"""What a register says as a whole: whether it was taken, how many are there, what the codes are called."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from rollbook.client.registers import Mark, Register
from rollbook.domain.entity import Values

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class RegisterWords:
    """``state`` with its meaning (a colour's name), ``counts`` in a line, ``absent`` the code for that."""

    state: str = ""
    meaning: str = "quiet"
    counts: str = ""
    absent: str = ""


def code_words(register: Register) -> Mapping[str, str]:
    """The exceptions that a teacher may enter, with their titles; those that are used most stand first."""
    found = [
        code
        for code in register.codes.values()
        if code["teacher_may_use"] == "yes" and _kind(code) != "present"
    ]
    found.sort(key=lambda code: (_rank(code), code["key"]))
    return {code["key"]: code["title"] for code in found}


def words_of(register: Register | None, marks: Mapping[str, Mark], *, dirty: bool) -> RegisterWords:
    """The register as it would be saved now."""
    if register is None:
        return RegisterWords()
    absent = next((code for code in code_words(register) if _plainly_absent(register.codes[code])), "")
    state, meaning = _state(register, dirty)
    return RegisterWords(state, meaning, _counts(register, marks), absent)


def _state(register: Register, dirty: bool) -> tuple[str, str]:
    if dirty:
        return translate("register", "Not saved yet"), "warn"
    if register.taken:
        return translate("register", "Taken"), "good"
    return translate("register", "Not taken yet"), "quiet"


def _counts(register: Register, marks: Mapping[str, Mark]) -> str:
    """How many are there and how many are not, as the codes count."""
    found: Counter[str] = Counter()
    for line in register.lines:
        mark = marks.get(line.student_id)
        code = register.codes.get(line.office_code or (mark.code if mark else "") or "")
        found[_kind(code)] += 1
    parts = [
        translate("register", "%n present", "", found["present"]),
        translate("register", "%n absent", "", found["absent"]) if found["absent"] else "",
        translate("register", "%n late", "", found["late"]) if found["late"] else "",
        translate("register", "%n in part", "", found["partial"]) if found["partial"] else "",
        translate("register", "%n not expected", "", found["not_expected"]) if found["not_expected"] else "",
    ]
    return "  ·  ".join(part for part in parts if part)


def _kind(code: Values | None) -> str:
    if code is None:
        return "present"
    return "late" if code["late"] == "yes" else str(code["counts_as"])


def _plainly_absent(code: Values) -> bool:
    return bool(code["counts_as"] == "absent") and code["excused"] != "yes" and code["needs_reason"] != "yes"


def _rank(code: Values) -> int:
    order = ("absent", "late", "partial", "not_expected", "present")
    kind = _kind(code)
    return order.index(kind) if kind in order else len(order)
