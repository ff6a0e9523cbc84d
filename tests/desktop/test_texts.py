"""H1, W21: every field has a label, every counted text its forms, every file of words is whole."""

from PySide6.QtWidgets import QApplication

from rollbook.domain.entity import FieldType
from rollbook.domain.registry import ENTITIES
from rollbook.domain.roles import Role
from rollbook.resource_files import resource
from rollbook_desktop.bridge.translations import FileTranslator
from rollbook_desktop.viewmodels import labels
from support.messages import messages


def test_h1_every_field_section_choice_and_role_has_a_label() -> None:
    specs = [spec for entity in ENTITIES.values() for spec in entity.fields]
    assert {spec.name for spec in specs} <= set(labels.FIELDS)
    assert {spec.section for spec in specs} <= set(labels.SECTIONS)
    for spec in specs:
        if spec.type is FieldType.CHOICE:
            assert set(spec.choices) <= set(labels.CHOICES[spec.name])
    for name, words in labels.CHOICES.items():
        assert set(words) == {choice for spec in specs if spec.name == name for choice in spec.choices}
    assert {str(role) for role in Role} == set(labels.ROLES)


def test_w21_every_counted_text_has_both_forms_in_english(qapp: QApplication) -> None:
    translator = FileTranslator(resource("translations/rollbook_en.ts"))
    counted = [message for message in messages() if message.counted]
    assert len(counted) >= 10
    for message in counted:
        one = translator.translate(message.context, message.text, "", 1)
        more = translator.translate(message.context, message.text, "", 2)
        assert "%n" in one, message
        assert "%n" in more, message
        assert "(" not in one + more, f"{message} has no form of its own"


def test_w21_a_number_takes_its_form(qapp: QApplication) -> None:
    texts = [qapp.translate("StudentsPage", "%n student(s)", "", count) for count in (0, 1, 2)]
    assert texts == ["0 students", "1 student", "2 students"]


def test_w21_what_no_file_knows_is_shown_as_it_is(qapp: QApplication) -> None:
    assert qapp.translate("nowhere", "Good morning") == "Good morning"
