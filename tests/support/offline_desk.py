"""A computer that is connected to a school whose server is never asked: what is local needs no more."""

import random
from pathlib import Path

from rollbook.client.opening import Surroundings
from rollbook.client.settings import load_settings
from support.client_desk import NO_KEYRING, ClientDesk
from support.desk import connected_here


class OfflineDesk(ClientDesk):
    """As :class:`ClientDesk`, but it cannot sync."""

    def __init__(self, data: Path, role: str = "registrar") -> None:
        connected_here(data, role)
        self.data = data
        self._settings = load_settings(data, NO_KEYRING)
        self._around = Surroundings(chance=random.Random(1))
        self.client = self._open()
