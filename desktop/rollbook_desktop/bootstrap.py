"""The composition root of the window: the only place that wires it together."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, QSettings, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from rollbook.client.values import RecordQuery
from rollbook.domain.registry import ENTITIES
from rollbook.domain.roles import RIGHTS, Right, Role
from rollbook.resource_files import resource
from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.bridge.collecting import Collector
from rollbook_desktop.bridge.facade import AccountLike, Facade
from rollbook_desktop.bridge.loop_thread import LoopThread
from rollbook_desktop.bridge.places import default_data_folder
from rollbook_desktop.bridge.translations import FileTranslator
from rollbook_desktop.bridge.trial_school import TrialSchool
from rollbook_desktop.bridge.trouble import trouble_of
from rollbook_desktop.viewmodels.class_list import ClassList
from rollbook_desktop.viewmodels.columns import STUDENT_COLUMNS
from rollbook_desktop.viewmodels.dashboard import DashboardModel
from rollbook_desktop.viewmodels.desk import Desk
from rollbook_desktop.viewmodels.engine import EngineModel
from rollbook_desktop.viewmodels.entry_table import EntryTable
from rollbook_desktop.viewmodels.error_report import unexpected_report
from rollbook_desktop.viewmodels.first_start import FirstStart
from rollbook_desktop.viewmodels.form_fields import sections_of
from rollbook_desktop.viewmodels.record_form import RecordForm
from rollbook_desktop.viewmodels.record_table import RecordTable
from rollbook_desktop.viewmodels.register import RegisterModel
from rollbook_desktop.viewmodels.saving import Saving
from rollbook_desktop.viewmodels.session import Session
from rollbook_desktop.viewmodels.status import StatusModel
from rollbook_desktop.viewmodels.story import StoryModel
from rollbook_desktop.viewmodels.support_file import SupportFile
from rollbook_desktop.viewmodels.unlock import Unlock
from rollbook_desktop.widgets.icons import Icons
from rollbook_desktop.widgets.theme import Theme, ThemeChoice
from rollbook_desktop.windows.main_window import MainWindow
from rollbook_desktop.windows.settings_page import THEME

if TYPE_CHECKING:
    from rollbook.client.desk_log import DeskLog
    from rollbook.client.facade import Client

APPLICATION = "Rollbook"
THEME_VARIABLE = "ROLLBOOK_THEME"
MARK_MEANINGS = {"needs-you": "act", "conflict": "act"}


@dataclass(frozen=True, slots=True)
class Options:
    """``server`` is the address that the person gave; ``try_it`` starts with a made-up school."""

    data: Path | None = None
    server: str | None = None
    try_it: bool = False


def run(options: Options) -> int:
    """Show the window until it is closed; gives the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C at a terminal; what was saved is durable
    application = make_application()
    data = options.data or default_data_folder()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    memory = QSettings(str(data / "window.ini"), QSettings.Format.IniFormat)
    theme = make_theme(application, memory)
    loop = LoopThread()
    loop.start()
    collector = Collector()
    program = Program(data, options, theme, memory, Bridge(loop))
    program.ended.connect(application.quit)
    program.start()
    code = application.exec()
    collector.stop()
    return code


def make_application() -> QApplication:
    """The application by its name on the accessibility bus."""
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication([APPLICATION])
    application.setApplicationName(APPLICATION)
    application.setApplicationDisplayName(APPLICATION)
    application.setQuitOnLastWindowClosed(False)
    use_language(application)
    return application


def use_language(application: QApplication) -> None:
    """Words and numbers in the system's language where there is a file for it, else in English."""
    if QLocale().language() == QLocale.Language.C:  # a bare system: dates must still be readable
        QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    file = resource("translations") / f"rollbook_{QLocale().name().split('_')[0]}.ts"
    chosen = file if file.exists() else resource("translations/rollbook_en.ts")
    application.installTranslator(FileTranslator(chosen, application))


def make_theme(application: QApplication, memory: QSettings) -> Theme:
    """The theme that the environment, the person or the system asks for, in this order."""
    wanted = os.environ.get(THEME_VARIABLE) or str(memory.value(THEME) or "")
    choice = ThemeChoice(wanted) if wanted in set(ThemeChoice) else ThemeChoice.SYSTEM
    style_sheet = resource("styles/rollbook.qss").read_text(encoding="utf-8")
    return Theme(application, style_sheet, Icons(resource("icons")), choice)


def make_desk(
    facade: Facade, bridge: Bridge, theme: Theme, now: Callable[[], datetime], monotonic: Callable[[], float]
) -> Desk:
    """The view models of an account."""
    student = ENTITIES["student"]
    icon = partial(_tinted, theme)
    status = StatusModel(facade, bridge, now, monotonic)
    form = RecordForm(facade, bridge, student, may(facade.account.role, Right.WRITE_STUDENTS))
    status.role_told.connect(lambda role: form.allow(may(role, Right.WRITE_STUDENTS)))

    def today() -> date:
        return now().astimezone().date()

    register = RegisterModel(facade, bridge, today)
    register.may_take = may(facade.account.role, Right.WRITE_MARKS)
    status.role_told.connect(lambda role: register.allow(may(role, Right.WRITE_MARKS)))
    return Desk(
        session=Session(facade, bridge),
        dashboard=DashboardModel(facade, bridge, status, monotonic),
        status=status,
        students=RecordTable(facade, bridge, STUDENT_COLUMNS, RecordQuery("student"), icon),
        classes=ClassList(facade, bridge, today),
        register=register,
        student_form=form,
        student_sections=sections_of(student),
        saving=Saving(facade, bridge),
        entries=EntryTable(facade, bridge, now, icon),
        story=StoryModel(facade, bridge),
        support_file=SupportFile(facade, bridge),
        engine=EngineModel(facade, bridge),
    )


def may(role: str, right: Right) -> bool:
    """Whether the role has the right; the server decides, the window only does not offer the rest."""
    return role in set(Role) and right in RIGHTS[Role(role)]


def _tinted(theme: Theme, name: str) -> object:
    return theme.icon(name, MARK_MEANINGS.get(name, "muted"))


class Program(QObject):
    """The life of the window: opening, the first start, an account, the end."""

    ended = Signal()
    """Everything is closed."""

    def __init__(self, data: Path, options: Options, theme: Theme, memory: QSettings, bridge: Bridge) -> None:
        super().__init__()
        self._data, self._options, self._bridge = data, options, bridge
        self._theme = theme
        self._trial = TrialSchool(data / "trial-school")
        self._trial_port: int | None = None
        self._client: Client | None = None
        self._log: DeskLog | None = None
        self._desk: Desk | None = None
        self._first_start: FirstStart | None = None
        self.window = MainWindow(theme, memory)
        self.window.opened_again.connect(self._open)
        self.window.closed.connect(self._end)
        bridge.unexpected.connect(self._tell_unexpected)
        self._network: QObject | None = None
        self._unlocking: Unlock | None = None

    def start(self) -> None:
        """Show the window at once, and open what there is behind it."""
        self.window.show()
        self._open()

    def _open(self) -> None:
        self.window.show_opening()
        self._bridge.query(self._find_account, self._take_account, self._tell_failure)

    def _find_account(self) -> AccountLike | None:
        """On a thread of the bridge: the imports take a while, and the window is to show first."""
        from rollbook.client.opening import current_account

        return current_account(self._data)

    def _take_account(self, account: AccountLike | None) -> None:
        if account is None:
            self._show_first_start()
            return
        server = self._options.server
        record = self._trial.record()
        if record is not None and record.installation == account.installation:
            server = self._address_of_trial(account.installation)
        self._bridge.query(partial(self._open_client, server), self._take_client, self._tell_failure)

    def _show_first_start(self) -> None:
        model = FirstStart(self._bridge, self._connect, self._trial, self._options.server or "")
        self._first_start = model
        model.connected.connect(self._open_connected)
        self.window.show_first_start(model)
        if self._options.try_it:
            model.try_it()

    async def _connect(self, url: str, name: str, password: str) -> AccountLike:
        from rollbook.client.opening import connect

        return await connect(self._data, url, name, password)

    def _open_connected(self) -> None:
        """After the first start: the trial's server runs already."""
        self._bridge.query(partial(self._open_client, None), self._take_client, self._tell_failure)

    def _address_of_trial(self, installation: str) -> str:
        """Where the made-up school's server is to be: where it was, if that port is free (S10)."""
        self._trial_port = self._trial.choose_port()
        url = f"http://127.0.0.1:{self._trial_port}"
        self._trial.remember(url, installation)
        return url

    def _serve_trial(self, port: int) -> None:
        """Start the server again; the engine begins once it is there, and would only miss it before."""
        self._bridge.spawn(self._trial.serve(port), lambda _url: self._start_engine(), self._trial_failed)

    def _start_engine(self) -> None:
        if self._desk is not None:
            self._desk.engine.start()
            self._watch_network()

    def _watch_network(self) -> None:
        from rollbook_desktop.bridge.network_watch import NetworkWatch  # a Qt library more: not at the start

        if self._network is None and self._client is not None:
            self._network = watch = NetworkWatch()
            watch.came_back.connect(partial(self._client.wake, hurry=True))

    def _trial_failed(self, error: Exception) -> None:
        self._start_engine()
        self._bridge.unexpected.emit(error)

    def _open_client(self, server: str | None) -> "Client":
        from rollbook.client.desk_log import DeskLog  # not at the start, as all that is heavy
        from rollbook.client.opening import open_client

        self._log = self._log or DeskLog(self._data)
        return open_client(self._data, server=server)

    def _take_client(self, client: "Client") -> None:
        self._client = client
        client.subscribe(self._bridge.listen)
        self._desk = make_desk(client, self._bridge, self._theme, _now, time.monotonic)
        if self._trial_port is None:
            self._start_engine()
        else:
            self._serve_trial(self._trial_port)
        if self._trial_port is not None or self._first_start is not None:
            self._show_desk()  # made-up students, or a person who has just given the password
        else:
            self._unlock(client)

    def _unlock(self, client: "Client") -> None:
        """Show the school's data once it is known who sits here (S12)."""
        self._unlocking = model = Unlock(client, self._bridge)
        model.asked.connect(partial(self.window.show_unlock, model))
        model.opened.connect(self._show_desk)
        model.begin()

    def _show_desk(self) -> None:
        assert self._desk is not None
        self.window.show_desk(self._desk)
        self._desk.status.ask()
        self._desk.students.refresh()
        self._desk.entries.refresh()

    def _tell_failure(self, error: Exception) -> None:
        self.window.show_failure(self.tr("The school's data can't be opened"), str(error))

    def _tell_unexpected(self, error: BaseException) -> None:
        trouble = trouble_of(error)
        if self._log is not None:
            self._log.unexpected(error, trouble.request_id)
        self.window.show_report(unexpected_report(error, trouble.detail, trouble.request_id))

    def _end(self) -> None:
        """Close in order: the engine, the made-up school's server, the threads, the store."""
        self.window.hide()
        if self._unlocking is not None:
            self._unlocking.end()
        self._bridge.spawn(self._trial.end(), lambda _none: self._quit(), lambda _error: self._quit())

    def _quit(self) -> None:
        self._bridge.close(ending=None if self._client is None else self._client.aclose)
        if self._client is not None:
            self._client.close()
        if self._log is not None:
            self._log.close()
        self.ended.emit()


def _now() -> datetime:
    return datetime.now(UTC)
