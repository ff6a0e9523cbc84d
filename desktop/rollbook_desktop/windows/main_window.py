"""The one window: opening, the first start, or the work of an account."""

from PySide6.QtCore import QByteArray, QSettings, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.error_report import ErrorReport
from rollbook_desktop.viewmodels.first_start import FirstStart
from rollbook_desktop.viewmodels.unlock import Unlock
from rollbook_desktop.widgets.dialog import Question
from rollbook_desktop.widgets.notice import Notice
from rollbook_desktop.widgets.theme import Theme
from rollbook_desktop.windows.error_dialog import ErrorDialog
from rollbook_desktop.windows.first_start_page import FirstStartPage
from rollbook_desktop.windows.unlock_page import UnlockPage
from rollbook_desktop.windows.workspace import OPENS_ON, Workspace

GEOMETRY = "window/geometry"
FIRST_SIZE = (1240, 800)
FRAME = (8, 40)
"""Room for the window manager's frame, in logical pixels."""


class MainWindow(QMainWindow):
    """Shows what it is given. ``closed`` is emitted once it is gone for good."""

    closed = Signal()
    opened_again = Signal()
    """The person wants to try to open the school's data again."""

    def __init__(self, theme: Theme, memory: QSettings) -> None:
        super().__init__()
        self._theme, self._memory = theme, memory
        self._workspace: Workspace | None = None
        self._may_close = False
        self._stack = QStackedWidget()
        self._notice = Notice(theme, "opening")
        self._notice.acted.connect(self.opened_again)
        self._stack.addWidget(self._notice)
        self.setCentralWidget(self._stack)
        self.setWindowTitle("Rollbook")
        self.setWindowIcon(theme.icon("book", "accent"))
        self._restore_size()
        self.show_opening()

    def show_opening(self) -> None:
        """Say that the school's data are being opened."""
        self._notice.say(self.tr("Opening…"), icon="book", meaning="accent")
        self._stack.setCurrentWidget(self._notice)

    def show_failure(self, title: str, text: str) -> None:
        """Say why the school's data cannot be opened."""
        self._notice.say(title, text, icon="error", meaning="act", action=self.tr("Try again"))
        self._stack.setCurrentWidget(self._notice)

    def show_first_start(self, model: FirstStart) -> None:
        """Offer the two ways in."""
        page = FirstStartPage(self._theme, model)
        self._show_page(page)
        page.focus_first()

    def show_unlock(self, model: Unlock, signed_out: bool) -> None:
        """Ask for the password before the school's data are shown."""
        page = UnlockPage(self._theme, model, signed_out)
        self._show_page(page)
        page.focus_first()

    def show_desk(self, desk: Desk) -> None:
        """Show the work of an account."""
        self._workspace = Workspace(self._theme, desk, self._memory)
        self._show_page(self._workspace)
        self._workspace.go_to(OPENS_ON)
        self.setWindowTitle(f"{desk.session.account.school} – Rollbook")

    def show_report(self, report: ErrorReport) -> None:
        """Show an error of what the person just did."""
        if self._workspace is not None:
            self._workspace.show_report(report)
        else:
            ErrorDialog(self._theme, self, report, None, None).open()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Say what is not at the school yet, and that it is kept (W8)."""
        if not self._may_close and (words := self._words_before_close()):
            event.ignore()
            self._ask(*words)
            return
        self._memory.setValue(GEOMETRY, self.saveGeometry())
        event.accept()
        self.closed.emit()

    def _words_before_close(self) -> tuple[str, str] | None:
        if self._workspace is None:
            return None
        desk = self._workspace.desk
        if typed := desk.student_form.unsaved_count:
            return (
                self.tr("Something typed is not saved"),
                self.tr(
                    "%n record(s) hold changes that are not saved yet. They are lost when you quit.",
                    "",
                    typed,
                ),
            )
        if desk.register.dirty:
            return (
                self.tr("A register is not saved"),
                self.tr("Its marks were changed and are not saved yet. They are lost when you quit."),
            )
        status = desk.status.status
        if status is not None and (count := status.waiting + status.needs_you):
            return (
                self.tr("%n entry(ies) are not at the school yet", "", count),
                self.tr("They are kept on this computer and go on the next time Rollbook is open."),
            )
        return None

    def _ask(self, title: str, text: str) -> None:
        question = Question(self._theme, self, title, text, icon="waiting")
        question.offer(self.tr("Quit"), "quitAnyway", self._quit)
        question.offer_safe(self.tr("Stay"), "stay")
        question.open()

    def _quit(self) -> None:
        self._may_close = True
        self.close()

    def _show_page(self, page: QWidget) -> None:
        old = self._stack.currentWidget()
        self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)
        if old is not None and old is not self._notice:
            self._stack.removeWidget(old)
            old.deleteLater()

    def _restore_size(self) -> None:
        kept = self._memory.value(GEOMETRY)
        if not (isinstance(kept, QByteArray) and self.restoreGeometry(kept)):
            room = self.screen().availableGeometry().size()
            width, height = room.width() - FRAME[0], room.height() - FRAME[1]
            self.resize(min(FIRST_SIZE[0], width), min(FIRST_SIZE[1], height))
