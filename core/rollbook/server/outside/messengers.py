"""Messages to people, by mail, webhook or chat: the addresses of Apprise (R19)."""

import logging
from typing import TYPE_CHECKING

import structlog

from rollbook.server.settings import SettingError

if TYPE_CHECKING:
    from apprise import NotifyBase

log = structlog.get_logger("rollbook.server.alerting")


class Messengers:
    """``urls`` are addresses as Apprise writes them, with blanks between: ``mailto://…``, ``json://…``.

    One that cannot be understood is passed over: see :func:`check_addresses`.
    """

    def __init__(self, urls: str) -> None:
        found = ((url.partition(":")[0], _messenger(url)) for url in urls.split())
        self._messengers = [(kind, messenger) for kind, messenger in found if messenger is not None]

    def send(self, title: str, body: str) -> bool:
        """Whether anybody was reached. Blocking, for some seconds for each address; never raises."""
        reached = False
        for kind, messenger in self._messengers:
            sent = self._sent(messenger, title, body)
            reached = reached or sent
            if not sent:
                log.warning("messenger_failed", kind=kind)
        return reached

    def _sent(self, messenger: "NotifyBase", title: str, body: str) -> bool:
        from apprise import NotifyFormat, NotifyType

        try:
            return bool(
                messenger.notify(
                    title=title, body=body, notify_type=NotifyType.FAILURE, body_format=NotifyFormat.TEXT
                )
            )
        except Exception:  # whatever a service's plug-in raises: its words may hold the address's password
            return False


def check_addresses(urls: str) -> None:
    """Raise :class:`SettingError` for an address that cannot be understood; it is not repeated: it holds a
    password."""
    for number, url in enumerate(urls.split(), start=1):
        if _messenger(url) is None:
            raise SettingError(
                f"The setting alert_urls (ROLLBOOK_ALERT_URLS): address {number} of {len(urls.split())} "
                "cannot be understood. It must be like mailto://user:password@mail.school.example?to=… or "
                "json://host/path; see https://github.com/caronc/apprise/wiki."
            )


def _messenger(url: str) -> "NotifyBase | None":
    # Loaded at its first need: most servers have no use for its 200 services.
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines hold addresses
    asset = AppriseAsset(storage_mode=PersistentStoreMode.MEMORY)
    asset.app_id, asset.app_desc, asset.app_url = "Rollbook", "A school's roll book", ""
    asset.image_url_mask = asset.image_url_logo = ""  # nothing is fetched from elsewhere to show a message
    return Apprise.instantiate(url, asset=asset)
