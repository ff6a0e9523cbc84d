"""The system's word that the network is back (S11): then nobody waits for the breaker's time."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QNetworkInformation

Reachability = QNetworkInformation.Reachability
_SAYS_NOTHING = (Reachability.Unknown, Reachability.Disconnected)


class NetworkWatch(QObject):
    """Follows ``source``, an object like ``QNetworkInformation``; by default that of the system."""

    came_back = Signal()
    """The network was away, and is there."""

    def __init__(self, source: QObject | None = None) -> None:
        super().__init__()
        self._away = False
        self._source = source or _of_the_system()
        if self._source is not None:
            self._source.reachabilityChanged.connect(self._changed)  # type: ignore[attr-defined]

    def _changed(self, reachability: Reachability) -> None:
        was_away, self._away = self._away, reachability in _SAYS_NOTHING
        if was_away and not self._away:
            self.came_back.emit()


def _of_the_system() -> QObject | None:
    """Without a backend (a bare machine) nothing is said, and the engine finds out at its next attempt."""
    loaded = QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Reachability)
    return QNetworkInformation.instance() if loaded else None
