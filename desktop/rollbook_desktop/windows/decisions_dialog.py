"""Telling a person what the registrar decided on entries of theirs (S23)."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from rollbook_desktop.viewmodels.decision_words import DecisionWords
from rollbook_desktop.viewmodels.session import Session
from rollbook_desktop.widgets.dialog import PlainDialog
from rollbook_desktop.widgets.theme import Theme

SHOWN = 6
"""At once; when these were read, the next ones are told."""


class DecisionsDialog(PlainDialog):
    """Opened by the person; what it shows counts as read once they say so."""

    def __init__(
        self, theme: Theme, parent: QWidget, decisions: Sequence[DecisionWords], session: Session
    ) -> None:
        super().__init__(theme, parent, self.tr("What the registrar decided"), icon="info", meaning="accent")
        self.setObjectName("decisions")
        shown = decisions[:SHOWN]
        for each in shown:
            self.add_text(each.title, "strong", name="decisionTitle")
            for text, name in (
                (each.which, "decisionWhich"),
                (each.note, "decisionNote"),
                (each.changes, "decisionChanges"),
            ):
                self.add_text(text, name=name)
        self.add_button(self.tr("Tell me again later"), "decisionsLater", self.reject)
        read = self.add_button(self.tr("I have read this"), "decisionsRead", self.accept, look="primary")
        self.accepted.connect(lambda: session.decisions_read([each.op_id for each in shown]))
        read.setFocus()
