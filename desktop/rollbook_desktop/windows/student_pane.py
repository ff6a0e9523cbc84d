"""A student's record as a form beside the list (W11)."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from rollbook_desktop.viewmodels.columns import display_name
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.form_fields import FormField
from rollbook_desktop.viewmodels.labels import field_label, mark_label
from rollbook_desktop.widgets.banner import Banner
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.dialog import Question
from rollbook_desktop.widgets.fields import ChoiceField, Field, LongTextField, TextField
from rollbook_desktop.widgets.form_grid import FormGrid
from rollbook_desktop.widgets.labels import label, rule
from rollbook_desktop.widgets.notice import Notice
from rollbook_desktop.widgets.theme import SPACE, Theme


class StudentPane(QFrame):
    """Shows the form's view model. ``left`` is emitted when the person wants back to the list."""

    left = Signal()

    def __init__(self, theme: Theme, desk: Desk) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self._theme, self._form = theme, desk.student_form
        self._fields: dict[str, Field] = {}
        self._title = label("", "title", name="studentName")
        self._subtitle = label("", "muted", name="studentSubtitle")
        self._banner = Banner(theme, "formBanner")
        self._said = label("", "small", name="formSaid")
        self._save = Button(theme, self.tr("Save"), "save", icon="check", look="primary")
        self._revert = Button(theme, self.tr("Undo typing"), "revert", icon="undo")
        self._archive = Button(
            theme, self.tr("Archive this student…"), "archive", icon="archive", look="quiet"
        )
        self._stack = QStackedWidget()
        self._nothing = Notice(theme, "noStudent")
        self._marked: set[str] = set()
        self._grid = self._make_grid(desk)
        self._lay_out()
        self._connect(desk)
        self._show_record()
        self._open_fields()

    def focus_first(self) -> None:
        """Put the cursor into the first field."""
        self._go_to(next(iter(self._fields.values())).editor)

    def _go_to(self, editor: QWidget) -> None:
        editor.setFocus()
        self._scroll.ensureWidgetVisible(editor)

    def save(self) -> None:
        """Save what was typed."""
        self._form.save()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leads back to the list; what was typed stays."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def _make_grid(self, desk: Desk) -> FormGrid:
        grid = FormGrid()
        for section in desk.student_sections:
            grid.add_heading(section.title)
            for described in section.fields:
                field = self._make_field(described)
                field.edited.connect(self._form.edit)
                self._fields[described.name] = field
                grid.add_field(field, described.wide or described.kind == "lines")
        grid.add_foot(self._archive)
        return grid

    def _make_field(self, described: FormField) -> Field:
        if described.kind == "choice":
            return ChoiceField(self._theme, described.name, described.label, described.choices)
        if described.kind == "lines":
            return LongTextField(described.name, described.label)
        field = TextField(described.name, described.label, described.placeholder)
        assert isinstance(field.editor, QLineEdit)
        field.editor.returnPressed.connect(self._form.save)
        return field

    def _lay_out(self) -> None:
        self._scroll = scroll = QScrollArea()
        scroll.setWidget(self._grid)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setProperty("look", "surface")
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head())
        layout.addWidget(rule())
        layout.addWidget(scroll, 1)
        layout.addWidget(rule())
        layout.addLayout(self._foot())
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.addWidget(self._stack)

    def _head(self) -> QVBoxLayout:
        head = QVBoxLayout()
        head.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["m"])
        head.setSpacing(SPACE["xs"])
        head.addWidget(self._title)
        head.addWidget(self._subtitle)
        head.addWidget(self._banner)
        return head

    def _foot(self) -> QVBoxLayout:
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE["s"])
        buttons.addWidget(self._save)
        buttons.addWidget(self._revert)
        buttons.addStretch(1)
        foot = QVBoxLayout()
        foot.setContentsMargins(SPACE["l"], SPACE["s"], SPACE["l"], SPACE["m"])
        foot.setSpacing(SPACE["xs"])
        foot.addWidget(self._said)
        foot.addLayout(buttons)
        return foot

    def _connect(self, desk: Desk) -> None:
        form = self._form
        form.opened.connect(self._show_record)
        form.refreshed.connect(self._show_changed)
        form.errors_changed.connect(self._show_errors)
        form.state_changed.connect(self._show_state)
        form.rights_changed.connect(self._show_rights)
        form.missing.connect(self._show_missing)
        desk.saving.said.connect(self._say_of)
        self._save.clicked.connect(form.save)
        self._revert.clicked.connect(form.revert)
        self._archive.clicked.connect(self._ask_archive)

    def _show_record(self) -> None:
        self._say("")
        if not self._form.is_open:
            self._say_nothing_chosen()
            self._stack.setCurrentIndex(0)
            return
        for name, field in self._fields.items():
            field.fill(self._form.text_of(name))
        self._stack.setCurrentIndex(1)

    def _say_nothing_chosen(self) -> None:
        what_to_do = (
            self.tr("Choose one in the list, or add a new one with Ctrl+N.")
            if self._form.may_write
            else self.tr("Choose one in the list.")
        )
        self._nothing.say(self.tr("No student chosen"), what_to_do, icon="student")

    def _say_of(self, record_id: str, words: str) -> None:
        """What is said of a save is for its own record; another one may be shown by now."""
        if record_id == self._form.record_id:
            self._say(words)

    def _say(self, words: str) -> None:
        self._said.setText(words)
        self._said.setVisible(bool(words))

    def _show_changed(self, names: set[str]) -> None:
        for name in names:
            self._fields[name].fill(self._form.text_of(name))

    def _show_errors(self) -> None:
        errors = self._form.errors
        for name, field in self._fields.items():
            field.show_error(*errors.get(name, ("",)))
        first = next((field for name, field in self._fields.items() if name in errors), None)
        # An error that goes while a field is being typed in never moves the cursor away from it.
        if first is not None and not set(errors) < self._marked:
            self._go_to(first.editor)
        self._marked = set(errors)

    def _open_fields(self) -> None:
        for field in self._fields.values():
            field.set_read_only(not self._form.may_write)

    def _show_rights(self) -> None:
        self._open_fields()
        # With no record open there is no state to show, and a button that the grid has not placed
        # yet would become a window of its own.
        if self._form.is_open:
            self._show_state()
        else:
            self._say_nothing_chosen()

    def _show_state(self) -> None:
        form = self._form
        values = form.values
        self._title.setText(self.tr("New student") if form.is_new else display_name(values))
        facts = (str(values.get("student_number") or ""), mark_label(form.mark))
        self._subtitle.setText("  ·  ".join(fact for fact in facts if fact))
        self._subtitle.setVisible(bool(self._subtitle.text()))
        self._save.setEnabled(form.may_write and (form.is_dirty or form.is_new))
        self._revert.setEnabled(form.is_dirty)
        self._archive.setVisible(form.may_write and not form.is_new)
        self._banner.say(*self._banner_words())

    def _banner_words(self) -> tuple[str, str]:
        if not self._form.may_write:
            return self.tr("Your role may look at records but not change them."), "quiet"
        if names := self._form.changed_meanwhile:
            fields = ", ".join(field_label(name) for name in names)
            return self.tr("Changed by someone else meanwhile: {fields}. What you typed is kept.").format(
                fields=fields
            ), "warn"
        return "", "quiet"

    def _show_missing(self) -> None:
        self._banner.say(self.tr("This student is no longer in the list."), "warn")

    def _ask_archive(self) -> None:
        name = display_name(self._form.values)
        question = Question(
            self._theme,
            self.window(),
            self.tr("Archive {name}?").format(name=name),
            self.tr(
                "The student leaves the list. The record is kept at the school; "
                "only the school's administrator can bring it back."
            ),
            icon="archive",
        )
        question.offer(self.tr("Archive"), "confirmArchive", self._form.archive, look="danger")
        question.offer_safe(self.tr("Keep"), "keepStudent")
        question.open()
