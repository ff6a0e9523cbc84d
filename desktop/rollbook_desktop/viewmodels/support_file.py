"""Making one file for support, without people's data (R18)."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, qVersion

from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.viewmodels.error_report import ErrorReport, details_of


class SupportFile(QObject):
    """Writes it where the person wants it, and says how that went."""

    made = Signal(str)
    """That it is there, in words."""
    failed = Signal(object)
    """An :class:`ErrorReport`."""

    def __init__(self, facade: Facade, bridge: Bridge) -> None:
        super().__init__()
        self._facade, self._bridge = facade, bridge

    def write(self, file: Path) -> None:
        """Write it; beside the saves, which do not wait for it."""
        self._bridge.query(
            partial(self._facade.support.write_bundle, file, {"qt": qVersion()}),
            lambda _parts: self.made.emit(self.tr("{file} is written.").format(file=file.name)),
            self._tell,
        )

    def _tell(self, error: Exception) -> None:
        code = str(getattr(error, "code", ""))
        words = {
            "disk-full": (self.tr("The disk is full."), self.tr("Free some space, or choose another disk.")),
            "no-such-folder": (self.tr("There is no such folder."), self.tr("Choose another place.")),
            "is-a-folder": (self.tr("That is a folder."), self.tr("Give the file a name in it.")),
            "not-writable": (self.tr("You may not write there."), self.tr("Choose another place.")),
        }
        cause, next_step = words.get(code, (str(error), self.tr("Try it again, at another place.")))
        self.failed.emit(
            ErrorReport(
                title=self.tr("The file for support was not written."),
                cause=cause,
                safety=self.tr("Nothing was changed: what you entered is as it was."),
                next_step=next_step,
                reference="",
                details=details_of(error=code or type(error).__name__),
            )
        )
