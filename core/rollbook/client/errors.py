"""All that the facade raises, in one place: who uses the facade need not know the packages below it."""

from rollbook.client.accounts import NotConnectedError
from rollbook.client.undo_values import LaterEditsError
from rollbook.client.values import RefusedEntryError
from rollbook.exchange import ExchangeError
from rollbook.resilience.failures import CallFailedError, FailureKind
from rollbook.resilience.settings import SettingError
from rollbook.store.errors import NotAllowedNowError, StoreError
from rollbook.sync.engine import EngineBusyError

__all__ = [
    "CallFailedError",
    "EngineBusyError",
    "ExchangeError",
    "FailureKind",
    "LaterEditsError",
    "NotAllowedNowError",
    "NotConnectedError",
    "RefusedEntryError",
    "SettingError",
    "StoreError",
]
