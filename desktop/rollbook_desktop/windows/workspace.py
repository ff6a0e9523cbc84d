"""The window of an account: places at the left, the status pill always at the top (W1)."""

from collections.abc import Callable

from PySide6.QtCore import QSettings
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.error_report import ErrorReport, unexpected_report
from rollbook_desktop.viewmodels.labels import role_label
from rollbook_desktop.viewmodels.store_words import trouble_words
from rollbook_desktop.widgets.banner import Banner, Toast
from rollbook_desktop.widgets.labels import label
from rollbook_desktop.widgets.pill import Pill
from rollbook_desktop.widgets.theme import SPACE, Theme
from rollbook_desktop.windows.classes_page import ClassesPage
from rollbook_desktop.windows.dashboard_page import DashboardPage
from rollbook_desktop.windows.decisions_dialog import DecisionsDialog
from rollbook_desktop.windows.error_dialog import ErrorDialog
from rollbook_desktop.windows.help_page import HelpPage
from rollbook_desktop.windows.settings_page import SettingsPage
from rollbook_desktop.windows.sidebar import Place, Sidebar
from rollbook_desktop.windows.sign_in_dialog import SignInDialog
from rollbook_desktop.windows.status_details import StatusDetails
from rollbook_desktop.windows.store_notice_dialog import StoreNoticeDialog
from rollbook_desktop.windows.students_page import StudentsPage
from rollbook_desktop.windows.support_page import SupportPage
from rollbook_desktop.windows.sync_page import SyncPage

FOLD_BELOW = 1000
DASHBOARD, STUDENTS, CLASSES, SYNC, SUPPORT, SETTINGS, HELP = range(7)
OPENS_ON = STUDENTS
"""What is here and can be worked on without any network (W4)."""


class Workspace(QWidget):
    """Brings the screens of one account together."""

    def __init__(self, theme: Theme, desk: Desk, memory: QSettings) -> None:
        super().__init__()
        self.setProperty("look", "page")
        self._theme, self._desk = theme, desk
        self._places = (
            Place("dashboard", self.tr("Dashboard"), "dashboard"),
            Place("students", self.tr("Students"), "students"),
            Place("classes", self.tr("Classes"), "classes"),
            Place("sync", self.tr("Sync centre"), "sync"),
            Place("support", self.tr("Support"), "support"),
            Place("settings", self.tr("Settings"), "settings"),
            Place("help", self.tr("Help"), "help"),
        )
        self._sidebar = Sidebar(theme, self._places, desk.session.account)
        self._title = label("", "title", name="placeTitle")
        self._pill = Pill(theme, "statusPill")
        self._banner = Banner(theme, "engineBanner")
        self._decisions = Banner(theme, "decisionsBanner")
        self._dashboard = DashboardPage(theme, desk)
        self._students = StudentsPage(theme, desk, memory)
        self._classes = ClassesPage(theme, desk, memory)
        self._sync = SyncPage(theme, desk)
        self._support = SupportPage(theme, desk, memory)
        self._settings = SettingsPage(theme, desk, memory)
        self._help = HelpPage(theme, desk, memory)
        self._pages = QStackedWidget()
        pages = (
            self._dashboard,
            self._students,
            self._classes,
            self._sync,
            self._support,
            self._settings,
            self._help,
        )
        for page in pages:
            self._pages.addWidget(page)
        self._lay_out()
        self._toast = Toast(theme, self)
        self._trouble, self._told_of_store = "", False
        self._role = ""
        self._connect()
        self._show_status()
        self.go_to(OPENS_ON)

    @property
    def desk(self) -> Desk:
        """What is shown."""
        return self._desk

    def go_to(self, number: int) -> None:
        """Open a place and put the cursor where work begins."""
        self._sidebar.show_place(number)
        self._title.setText(self._places[number].title)
        self._pages.setCurrentIndex(number)
        focus: tuple[Callable[[], None], ...] = (
            self._dashboard.focus_first,
            self._students.focus_search,
            self._classes.focus_first,
            self._sync.focus_list,
            self._support.focus_first,
            self._settings.focus_first,
            self._help.focus_first,
        )
        focus[number]()

    def show_report(self, report: ErrorReport) -> None:
        """Tell the person that what they just did went wrong (W9)."""
        ErrorDialog(self._theme, self.window(), report, self._show_entry, self._desk.story.open).open()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold the sidebar where there is little room."""
        super().resizeEvent(event)
        self._sidebar.fold(self.width() < FOLD_BELOW)

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACE["l"], SPACE["m"], SPACE["l"], 0)
        bar.addWidget(self._title, 1)
        bar.addWidget(self._pill)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addLayout(bar)
        for banner in (self._banner, self._decisions):
            notice = QHBoxLayout()
            notice.setContentsMargins(SPACE["l"], SPACE["s"], SPACE["l"], 0)
            notice.addWidget(banner)
            right.addLayout(notice)
        right.addWidget(self._pages, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._sidebar)
        row.addLayout(right, 1)

    def _connect(self) -> None:
        desk = self._desk
        self._sidebar.chosen.connect(self.go_to)
        self._pill.clicked.connect(self._open_details)
        desk.status.changed.connect(self._show_status)
        desk.status.role_told.connect(self._show_role)
        desk.student_form.saved.connect(desk.saving.follow)
        desk.student_form.archived.connect(desk.saving.follow_archive)
        desk.saving.failed.connect(self.show_report)
        desk.saving.toasted.connect(self._toast_in_passing)
        desk.entries.told.connect(self._toast.say)
        desk.register.saved.connect(self._toast.say)
        desk.register.failed.connect(self._tell_not_saved)
        desk.engine.said.connect(self._warn)
        desk.support_file.made.connect(self._toast.say)
        desk.support_file.failed.connect(self.show_report)
        desk.story.wanted.connect(lambda _id: self.go_to(SUPPORT))
        desk.session.signed_in.connect(self._greet)
        desk.session.signed_out.connect(lambda: self._toast.say(self.tr("Signed out.")))
        desk.session.not_exported.connect(self._tell_not_exported)
        self._bind_keys()

    def _bind_keys(self) -> None:
        for keys, act in (
            (QKeySequence(QKeySequence.StandardKey.Find), self._find),
            (QKeySequence(QKeySequence.StandardKey.New), self._add),
            (QKeySequence(QKeySequence.StandardKey.Save), self._save),
            (QKeySequence(QKeySequence.StandardKey.HelpContents), self._going_to(HELP)),
        ):
            QShortcut(keys, self).activated.connect(act)
        for number in range(len(self._places)):
            QShortcut(QKeySequence(f"Ctrl+{number + 1}"), self).activated.connect(self._going_to(number))

    def _toast_in_passing(self, text: str, _op_id: str) -> None:
        self._toast.say(text)

    def _warn(self, words: str) -> None:
        self._banner.say(words, "warn")

    def _tell_not_exported(self, why: str) -> None:
        words = self.tr("The file could not be written ({why}). You are still signed in.")
        self._banner.say(words.format(why=why), "warn")

    def _tell_not_saved(self, error: Exception) -> None:
        self.show_report(unexpected_report(error, str(error)))

    def _tell_of_store(self) -> None:
        """What befell the store is told until it was read; what hinders saving, for as long as it does."""
        status = self._desk.status.status
        trouble = "" if status is None else trouble_words(status)
        if trouble != self._trouble:
            self._trouble = trouble
            self._banner.say(trouble, "act")
        if status is not None and status.notices and not self._told_of_store:
            self._told_of_store = True
            StoreNoticeDialog(self._theme, self.window(), status.notices, self._desk.session).open()

    def _tell_decisions(self) -> None:
        """What the registrar decided stays in the window until it was read (S23)."""
        words = self._desk.status.decisions_summary
        if words == self._decisions.text:
            return
        tone = "warn" if any(each.declined for each in self._desk.status.decisions) else "quiet"
        self._decisions.say(words, tone, self.tr("Read…") if words else "", self._open_decisions)

    def _show_role(self, role: str) -> None:
        """The role as the school has it now; told when it changes while the window is open (S23)."""
        words = role_label(role)
        self._sidebar.show_role(words)
        self._settings.show_role(words)
        if self._role and role != self._role:
            self._toast.say(self.tr("Your role is now: {role}.").format(role=words))
        self._role = role

    def _open_decisions(self) -> None:
        DecisionsDialog(self._theme, self.window(), self._desk.status.decisions, self._desk.session).open()

    def _greet(self) -> None:
        self._toast.say(self.tr("Signed in."))

    def _going_to(self, number: int) -> Callable[[], None]:
        return lambda: self.go_to(number)

    def _find(self) -> None:
        self.go_to(STUDENTS)

    def _add(self) -> None:
        self.go_to(STUDENTS)
        self._students.add()

    def _save(self) -> None:
        """Save what is open in the place that is shown."""
        page = self._classes if self._pages.currentIndex() == CLASSES else self._students
        page.save()

    def _show_entry(self, op_id: str) -> None:
        self.go_to(SYNC)
        self._sync.show_entry(op_id)

    def _show_status(self) -> None:
        self._tell_of_store()
        self._tell_decisions()
        words = self._desk.status.words
        if words is None:
            self._pill.show_status(self.tr("Opening…"), "waiting", "quiet", "")
        else:
            self._pill.show_status(
                words.text, words.icon, words.tone, f"{words.headline} {words.explanation}"
            )

    def _open_details(self) -> None:
        details = StatusDetails(self._theme, self, self._desk.status)
        session, status = self._desk.session, self._desk.status.status
        if status is not None and status.connection == "signed_out":
            details.offer(self.tr("Sign in…"), "detailsSignIn", self._open_sign_in, "primary")
        else:
            details.offer(self.tr("Sync now"), "syncNow", session.sync_now, "primary")
        details.offer(self.tr("Sync centre"), "openSync", lambda: self.go_to(SYNC))
        away = status is not None and status.reason == "work_offline"
        text = self.tr("Go online") if away else self.tr("Work offline")
        details.offer(text, "workOffline", lambda: session.work_offline(not away))
        details.open_below(self._pill)

    def _open_sign_in(self) -> None:
        SignInDialog(self._theme, self.window(), self._desk.session).open()
