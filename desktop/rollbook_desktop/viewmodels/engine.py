"""The engine behind the window: kept running, and said plainly when it does not (S25, S26, W10)."""

from PySide6.QtCore import QObject, QTimer, Signal

from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.bridge.trouble import Trouble, trouble_of

AGAIN_MS = 5000
STEADY_MS = 2000


class EngineModel(QObject):
    """Starts the engine, and again some seconds after it ended for any reason."""

    said = Signal(str)
    """What to tell people; empty when all is well again."""

    def __init__(self, facade: Facade, bridge: Bridge) -> None:
        super().__init__()
        self._facade, self._bridge = facade, bridge
        self._again = self._timer(AGAIN_MS, self.start)
        self._steady = self._timer(STEADY_MS, lambda: self.said.emit(""))
        self.last_trouble: Trouble | None = None

    def start(self) -> None:
        """Run the engine."""
        self._bridge.spawn(self._facade.run(), lambda _none: self._again.start(), self._ended)
        self._steady.start()

    def _ended(self, error: Exception) -> None:
        self._steady.stop()
        self.last_trouble = trouble_of(innermost(error))
        self.said.emit(self._words(self.last_trouble))
        self._again.start()

    def _words(self, trouble: Trouble) -> str:
        if trouble.code == "EngineBusyError":
            return self.tr(
                "Rollbook is open a second time with this account. You can work here too; "
                "the other one sends what is saved."
            )
        return self.tr(
            "Sending stopped and is started again by itself ({code}). Entries are safe here."
        ).format(code=trouble.code)

    def _timer(self, milliseconds: int, act: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(act)
        return timer


def innermost(error: BaseException) -> BaseException:
    """The first error of a group of errors, which is what people need to hear of."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
