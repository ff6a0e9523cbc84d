"""The system's word that the network is back (S11)."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QNetworkInformation
from pytestqt.qtbot import QtBot

from rollbook_desktop.bridge.network_watch import NetworkWatch

Reachability = QNetworkInformation.Reachability


class System(QObject):
    """What the system says."""

    reachabilityChanged = Signal(QNetworkInformation.Reachability)  # noqa: N815 - as the system has it


def test_s11_a_network_that_comes_back_is_told_once(qtbot: QtBot) -> None:
    system = System()
    watch = NetworkWatch(system)
    told: list[None] = []
    watch.came_back.connect(lambda: told.append(None))
    for said in (Reachability.Online, Reachability.Local):
        system.reachabilityChanged.emit(said)
    assert told == []  # it was never away
    for said in (Reachability.Disconnected, Reachability.Site, Reachability.Online):
        system.reachabilityChanged.emit(said)
    assert len(told) == 1


def test_s11_a_system_that_says_nothing_is_no_error(qtbot: QtBot) -> None:
    assert isinstance(NetworkWatch(), QObject)
