"""The classes that are held now, and at wish those of other years: a class has a namesake in each year."""

from collections.abc import Callable
from datetime import date
from typing import Any

from PySide6.QtCore import QObject

from rollbook.client.values import RecordPage, RecordQuery
from rollbook_desktop.bridge.bridge import Bridge
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.viewmodels.columns import SECTION_COLUMNS
from rollbook_desktop.viewmodels.record_table import ListState, RecordTable

_SESSIONS = RecordQuery("academic_session", sort="start_date", limit=1_000)


class ClassList(QObject):
    """Where no session of today is known, as in the holidays, all classes are shown."""

    def __init__(self, facade: Facade, bridge: Bridge, today: Callable[[], date]) -> None:
        super().__init__()
        self._facade, self._bridge, self._today = facade, bridge, today
        self._other_years = False
        self._now: tuple[str, ...] = ()
        self.table = RecordTable(facade, bridge, SECTION_COLUMNS, RecordQuery("section", sort="title"))
        bridge.records_changed.connect(self._look_again)
        self._look()

    def show_other_years(self, on: bool) -> None:
        """Whether classes of other years are listed, too."""
        self._other_years = on
        self._show()

    def _look(self) -> None:
        self._bridge.query(lambda: self._facade.records(_SESSIONS), self._take, self._fail)

    def _take(self, page: RecordPage) -> None:
        today = self._today().isoformat()
        now = [row.id for row in page.rows if row.values["start_date"] <= today <= row.values["end_date"]]
        if tuple(now) != self._now:
            self._now = tuple(now)
            self._show()
        elif self.table.state is ListState.LOADING:
            self.table.refresh()

    def _fail(self, _error: Exception) -> None:
        self.table.refresh()  # which meets the same trouble, and tells it

    def _show(self) -> None:
        filters: dict[str, Any] = {}
        if self._now and not self._other_years:
            filters["academic_session_id"] = (*self._now, None)  # a class without a session is held always
        self.table.filter(filters)

    def _look_again(self, entity: str, _ids: object) -> None:
        if entity == _SESSIONS.entity:
            self._look()
