"""Telling a person what befell the data on their computer, and where the old file is (S28)."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from rollbook_desktop.viewmodels.session import Session
from rollbook_desktop.viewmodels.store_words import Notice, notice_words
from rollbook_desktop.widgets.dialog import PlainDialog
from rollbook_desktop.widgets.theme import Theme


class StoreNoticeDialog(PlainDialog):
    """Comes at every start until the person has said that they have read it."""

    def __init__(self, theme: Theme, parent: QWidget, notices: Sequence[Notice], session: Session) -> None:
        super().__init__(
            theme, parent, self.tr("What happened to the data on this computer"), icon="error", meaning="act"
        )
        self.setObjectName("storeNotice")
        for notice in notices:
            self.add_text(notice_words(notice), name="storeNoticeText")
        self.add_text(self.tr("What the school has is fetched again by itself."))
        self.add_button(self.tr("Tell me again next time"), "storeNoticeLater", self.reject)
        read = self.add_button(self.tr("I have read this"), "storeNoticeRead", self.accept, look="primary")
        self.accepted.connect(session.notices_seen)
        read.setFocus()
