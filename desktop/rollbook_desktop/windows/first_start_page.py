"""The first start (W22): two ways in, one click or three fields."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from rollbook_desktop.viewmodels.first_start import FirstStart
from rollbook_desktop.widgets.banner import Banner
from rollbook_desktop.widgets.buttons import Button
from rollbook_desktop.widgets.fields import TextField
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.notice import Notice
from rollbook_desktop.widgets.theme import SPACE, Theme

WIDTH = 460


class FirstStartPage(QWidget):
    """Choose, connect, or watch it being made."""

    def __init__(self, theme: Theme, model: FirstStart) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._theme, self._model = theme, model
        self._stack = QStackedWidget()
        self._banner = Banner(theme, "firstStartProblem")
        self._fields = {
            "address": TextField("address", self.tr("Address of the school's server"), "school.example.org"),
            "name": TextField("userName", self.tr("User name")),
            "password": TextField("password", self.tr("Password")),
        }
        self._try = Button(
            theme, self.tr("Try it with a made-up school"), "tryIt", icon="school", look="primary"
        )
        self._to_connect = Button(theme, self.tr("Connect to a school"), "connectToSchool", icon="connect")
        self._connect_button = Button(theme, self.tr("Connect"), "connect", icon="connect", look="primary")
        self._back = Button(theme, self.tr("Back"), "back")
        self._progress = Notice(theme, "firstStartProgress")
        for page in (self._choice(), self._form(), self._progress):
            self._stack.addWidget(page)
        self._lay_out()
        self._connect()

    def focus_first(self) -> None:
        """Go to what most people do first."""
        if self._model.address:
            self._show_form()
        else:
            self._try.setFocus()

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setSpacing(SPACE["l"])
        column.addStretch(1)
        column.addLayout(self._brand())
        column.addWidget(self._banner)
        column.addWidget(self._stack)
        column.addStretch(2)
        middle = QWidget()
        middle.setLayout(column)
        middle.setMaximumWidth(WIDTH)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(middle, 10)
        row.addStretch(1)
        inner = QWidget()
        inner.setLayout(row)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _brand(self) -> QVBoxLayout:
        self._picture = picture = QLabel()
        self._draw_picture()
        self._theme.changed.connect(self._draw_picture)  # a method: it is let go of with this page
        brand = QVBoxLayout()
        brand.setSpacing(SPACE["s"])
        for part in (
            picture,
            label("Rollbook", "display"),
            label(self.tr("The roll book that goes on working without a network."), "muted"),
        ):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
            brand.addWidget(part)
        return brand

    def _draw_picture(self) -> None:
        self._picture.setPixmap(self._theme.pixmap("book", "accent", 48))

    def _choice(self) -> QWidget:
        page, column = _page()
        for button, text in (
            (self._try, self.tr("1,000 students, on this computer only. Nothing to set up.")),
            (
                self._to_connect,
                self.tr("With the address, user name and password that your school gave you."),
            ),
        ):
            column.addWidget(button)
            column.addWidget(label(text, "small"))
            column.addSpacing(SPACE["s"])
        return page

    def _form(self) -> QWidget:
        page, column = _page()
        for field in self._fields.values():
            assert isinstance(field.editor, QLineEdit)
            field.editor.returnPressed.connect(self._submit)
            column.addWidget(field)
        password = self._fields["password"].editor
        assert isinstance(password, QLineEdit)
        password.setEchoMode(QLineEdit.EchoMode.Password)
        buttons = QHBoxLayout()
        buttons.addWidget(self._connect_button)
        buttons.addWidget(self._back)
        buttons.addStretch(1)
        column.addSpacing(SPACE["s"])
        column.addLayout(buttons)
        return page

    def _connect(self) -> None:
        self._try.clicked.connect(self._model.try_it)
        self._to_connect.clicked.connect(self._show_form)
        self._connect_button.clicked.connect(self._submit)
        self._back.clicked.connect(self._show_choice)
        self._progress.acted.connect(self._cancel)
        self._model.progressed.connect(self._show_progress)
        self._model.refused.connect(self._show_refusal)
        self._model.wrong.connect(self._show_wrong)

    def _show_choice(self) -> None:
        self._banner.say("")
        self._stack.setCurrentIndex(0)
        self._try.setFocus()

    def _show_form(self) -> None:
        self._banner.say("")
        if self._model.address and not self._fields["address"].value:
            self._fields["address"].fill(self._model.address)
        self._stack.setCurrentIndex(1)
        empty = next((field for field in self._fields.values() if not field.value), self._fields["password"])
        empty.editor.setFocus()

    def _submit(self) -> None:
        self._banner.say("")
        for field in self._fields.values():
            field.show_error("")
        values = (self._fields[name].value for name in ("address", "name", "password"))
        self._model.connect_to(*values)

    def _show_progress(self, words: str) -> None:
        self._banner.say("")
        self._progress.say(words, icon="school", meaning="accent", action=self.tr("Cancel"))
        self._progress.show_progress(0, 0)
        self._stack.setCurrentIndex(2)

    def _cancel(self) -> None:
        self._model.cancel()
        self._leave_progress()

    def _leave_progress(self) -> None:
        self._stack.setCurrentIndex(1 if self._fields["name"].value else 0)

    def _show_refusal(self, words: str) -> None:
        self._leave_progress()
        self._banner.say(words, "act")

    def _show_wrong(self, name: str, words: str) -> None:
        self._stack.setCurrentIndex(1)
        self._fields[name].show_error(words)
        self._fields[name].editor.setFocus()


def _page() -> tuple[QWidget, QVBoxLayout]:
    """A page with a card at its top, and the card's column."""
    card = QFrame()
    card.setProperty("look", "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(SPACE["xl"], SPACE["xl"], SPACE["xl"], SPACE["l"])
    column.setSpacing(SPACE["s"])
    page = QWidget()
    outer = QVBoxLayout(page)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(card)
    outer.addStretch(1)
    return page, column
