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
        self,
        theme: Theme,
        parent: QWidget,
        report: ErrorReport,
        open_entry: Callable[[str], None] | None,
        find_request: Callable[[str], None] | None,
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
        if report.reference and find_request is not None:
            self._offer(self.tr("&Find this request"), "findThisRequest", find_request, report.reference)
        if report.op_id and open_entry is not None:
            self._offer(self.tr("Show the entry"), "showEntry", open_entry, report.op_id)
        self.add_button(self.tr("Close"), "closeError", self.accept, look="primary").setFocus()

    def _offer(self, text: str, name: str, go: Callable[[str], None], what: str) -> None:
        """A verb that leaves the dialog for another place."""

        def act() -> None:
            self.accept()
            go(what)

        self.add_button(text, name, act)

    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(self._report.details)
        self._details.setText(self.tr("Copied"))
