"""What a person sees when what they just did went wrong (W9, R17)."""

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from rollbook_desktop.viewmodels.error_report import ErrorReport
from rollbook_desktop.widgets.copy_field import CopyField
from rollbook_desktop.widgets.dialog import PlainDialog
from rollbook_desktop.widgets.theme import Theme


class ErrorDialog(PlainDialog):
    """Title, cause, safety, next step, request ID with Copy, and verbs."""

    def __init__(
        self, theme: Theme, parent: QWidget, report: ErrorReport, open_entry: Callable[[str], None] | None
    ) -> None:
        super().__init__(theme, parent, report.title, icon="error", meaning="act", width=520)
        self.setObjectName("errorDialog")
        self._report = report
        self.add_text(report.cause, name="errorCause")
        self.add_text(report.safety, name="errorSafety")
        self.add_text(report.next_step, name="errorNextStep")
        if report.reference:
            reference = CopyField(
                theme, self.tr("Request ID"), self.tr("Copy"), self.tr("Copied"), "requestId"
            )
            reference.show_text(report.reference)
            self.body.addWidget(reference)
        self._details = self.add_button(self.tr("Copy details"), "copyDetails", self._copy_details)
        if report.op_id and open_entry is not None:
            self._offer_entry(report.op_id, open_entry)
        self.add_button(self.tr("Close"), "closeError", self.accept, look="primary").setFocus()

    def _offer_entry(self, op_id: str, open_entry: Callable[[str], None]) -> None:
        def act() -> None:
            self.accept()
            open_entry(op_id)

        self.add_button(self.tr("Show the entry"), "showEntry", act)

    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(self._report.details)
        self._details.setText(self.tr("Copied"))
