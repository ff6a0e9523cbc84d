"""The register of the class that is chosen: a day, its marks, one key for each exception (W13)."""

from collections.abc import Callable

from PySide6.QtCore import QDate, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout

from rollbook_desktop.viewmodels.register import RegisterModel
from rollbook_desktop.viewmodels.register_table import (
    CODE,
    NAME,
    NUMBER,
    OFFICE,
    REASON,
    STATE,
    RegisterTable,
)
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.code_keys import CodeKeys
from rollbook_desktop.widgets.day_box import DayBox
from rollbook_desktop.widgets.dialog import Question
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.notice import Notice
from rollbook_desktop.widgets.register_view import RegisterView
from rollbook_desktop.widgets.theme import SPACE, Theme

WIDTHS = {NUMBER: 44, NAME: 190, CODE: 112, REASON: 104, OFFICE: 100, STATE: 90}
ROOM_FOR = {OFFICE: 600, STATE: 520}


class RegisterPane(QFrame):
    """Everything can be done with keys alone; nothing that was entered goes away unasked."""

    def __init__(self, theme: Theme, model: RegisterModel) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self._theme, self._model = theme, model
        self._after_save: Callable[[], None] | None = None
        self._title = label("", "title", name="registerTitle")
        self._state = label("", "muted", name="registerState")
        self._before = _arrow(theme, self.tr("Day before"), "dayBefore", "chevron-left", "Alt+←")
        self._after = _arrow(theme, self.tr("Day after"), "dayAfter", "chevron-right", "Alt+→")
        self._today = Button(theme, self.tr("Today"), "today", look="quiet")
        self._day = DayBox(theme, "registerDay", self.tr("Day of the register"))
        self._table = RegisterView("register", self.tr("Register"), CODE, REASON)
        self._notice = Notice(theme, "registerNotice")
        self._stack = QStackedWidget()
        self._keys = CodeKeys(theme)
        self._counts = label("", "muted", name="registerCounts")
        self._undo = Button(theme, self.tr("Undo"), "undoMark", icon="undo")
        self._save = Button(theme, self.tr("Save register"), "saveRegister", icon="check", look="primary")
        self._lay_out()
        self._connect()
        self._show_register()

    def focus_first(self) -> None:
        """Go to the first student."""
        self._table.setFocus()
        if self._table.current_row < 0:
            self._table.go_to(0)

    def save(self) -> None:
        """Save the register, with what is being typed."""
        self._table.end_edit()
        self._model.save()

    def leaving(self, then: Callable[[], None]) -> None:
        """Go on with ``then``, once what was entered here is saved or given up; or stay."""
        self._table.end_edit()
        if not self._model.dirty:
            then()
            return
        question = Question(
            self._theme,
            self.window(),
            self.tr("Save this register first?"),
            self.tr("Its marks were changed and are not saved on this computer yet."),
            icon="needs-you",
        )
        question.offer(self.tr("Save"), "saveAndLeave", lambda: self._save_and(then))
        question.offer(self.tr("Don't save"), "leaveUnsaved", lambda: self._drop_and(then), look="danger")
        question.offer_safe(self.tr("Stay here"), "stayHere")
        question.open()

    def _save_and(self, then: Callable[[], None]) -> None:
        self._after_save = then
        self._model.save()

    def _go_on(self) -> None:
        """Where the person wanted to go once this was saved."""
        then, self._after_save = self._after_save, None
        if then is not None:
            then()

    def _stay(self) -> None:
        self._after_save = None

    def _drop_and(self, then: Callable[[], None]) -> None:
        self._model.drop()
        then()

    def _lay_out(self) -> None:
        self._table_model = RegisterTable(self._model, self)
        self._table.show_model(self._table_model, tuple(WIDTHS.values()), stretch=NAME)
        self._table.room_for = ROOM_FOR
        self._stack.addWidget(self._notice)
        self._stack.addWidget(self._table)
        days = QHBoxLayout()
        days.setSpacing(SPACE["xs"])
        for part in (self._before, self._day, self._after, self._today):
            days.addWidget(part)
        days.addStretch(1)
        days.addWidget(self._state)
        self._state.setWordWrap(False)
        foot = QHBoxLayout()
        foot.addWidget(self._counts, 1)
        foot.addWidget(self._undo)
        foot.addWidget(self._save)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], SPACE["m"])
        column.setSpacing(SPACE["s"])
        column.addWidget(self._title)
        column.addLayout(days)
        column.addWidget(self._stack, 1)
        column.addWidget(self._keys)
        column.addLayout(foot)

    def _connect(self) -> None:
        model = self._model
        model.opened.connect(self._show_register)
        model.changed.connect(self._show_words)
        model.saved.connect(self._go_on)
        model.refused.connect(self._stay)
        model.refused.connect(self._table.edit_reason)
        model.failed.connect(self._stay)
        self._table.pressed_key.connect(self._press)
        self._table.numbered.connect(self._toggle)
        self._table.number_typed.connect(self._show_number)
        self._keys.chosen.connect(self._press_code)
        self._before.clicked.connect(lambda: self.leaving(lambda: model.step(-1)))
        self._after.clicked.connect(lambda: self.leaving(lambda: model.step(1)))
        self._today.clicked.connect(lambda: self.leaving(model.go_to_today))
        self._day.dateChanged.connect(self._go_to_day)
        self._undo.clicked.connect(model.undo.undo)
        self._save.clicked.connect(self.save)
        for keys, act in (
            (QKeySequence(QKeySequence.StandardKey.Undo), model.undo.undo),
            (QKeySequence(QKeySequence.StandardKey.Redo), model.undo.redo),
            (QKeySequence("Alt+Left"), self._before.click),
            (QKeySequence("Alt+Right"), self._after.click),
        ):
            shortcut = QShortcut(keys, self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def _press(self, row: int, key: str) -> None:
        if self._model.press(row, key):
            self._after_mark(row)

    def _press_code(self, code: str) -> None:
        row = self._table.current_row
        if self._model.set_code(row, code):
            self._table.setFocus()
            self._after_mark(row)

    def _after_mark(self, row: int) -> None:
        """On to the next line; where the code needs a reason, that is asked for first."""
        if self._model.needs_reason(row):
            self._table.edit_reason(row)
        else:
            self._table.go_on()

    def _toggle(self, row: int) -> None:
        if self._model.toggle_absent(row):
            self._announce(str(self._table_model.index(row, CODE).data(Qt.ItemDataRole.AccessibleTextRole)))

    def _show_number(self, digits: str) -> None:
        self._counts.setText(
            self.tr("Number {digits}: Enter marks absent, or present again").format(digits=digits)
            if digits
            else self._model.words.counts
        )

    def _go_to_day(self, day: QDate) -> None:
        wanted = day.toString(Qt.DateFormat.ISODate)
        if wanted != self._model.day:
            self._show_day()  # until it is sure that the person goes there
            self.leaving(lambda: self._model.go_to(wanted))

    def _show_day(self) -> None:
        self._day.blockSignals(True)
        self._day.setDate(QDate.fromString(self._model.day, Qt.DateFormat.ISODate))
        self._day.blockSignals(False)

    def _show_register(self) -> None:
        register = self._model.register
        self._show_day()
        self._title.setText(register.title if register is not None else self._title.text())
        self._keys.show_codes(self._model.codes)
        self._stack.setCurrentIndex(1 if self._model.lines else 0)
        if register is None and not self._model.problem:
            self._notice.say(self.tr("Choose a class to take its register"), icon="students")
        elif register is None:
            self._notice.say(
                self.tr("The register can't be shown"), self._model.problem, icon="error", meaning="act"
            )
        elif not register.lines:
            self._notice.say(
                self.tr("Nobody is in this class on that day"),
                self.tr("Choose another day, or have the office enter who belongs to it."),
                icon="students",
            )
        elif self._table.current_row < 0:
            self._table.go_to(0)
        self._show_words()

    def _show_words(self) -> None:
        words = self._model.words
        self._state.setText(words.state)
        self._state.setProperty("tone", words.meaning)
        self._state.style().polish(self._state)
        self._counts.setText(words.counts)
        self._undo.setEnabled(self._model.undo.canUndo())
        self._save.setEnabled(self._model.can_save)

    def _announce(self, words: str) -> None:
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))


def _arrow(theme: Theme, text: str, name: str, icon: str, keys: str) -> Button:
    button = Button(theme, "", name, icon=icon, look="quiet")
    button.setAccessibleName(text)
    button.setToolTip(f"{text} ({keys})")
    return button
