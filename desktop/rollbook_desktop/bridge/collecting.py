"""Cyclic garbage is collected on the window's thread only.

Python collects on whichever thread happens to allocate. A widget or timer that is freed on another thread
than its own crashes Qt, so the collector is switched off and run from a timer of the window's thread.
"""

import gc

from PySide6.QtCore import QObject, QTimer

LOOK_EVERY_MS = 250


class Collector(QObject):
    """Collects by Python's own thresholds, some times a second at most."""

    def __init__(self) -> None:
        super().__init__()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the oldest generation whose threshold is passed."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Hand the work back to Python."""
        self._timer.stop()
        gc.enable()
