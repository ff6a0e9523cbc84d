"""Icons of one family: line drawings in SVG, tinted to the palette (W24)."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

SIZES = (16, 20, 24, 48)
SCALES = (1.0, 1.5, 2.0)


class Icons:
    """Reads icons from a folder and draws them in a colour. Drawn ones are kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[str, bytes] = {}
        self._drawn: dict[tuple[str, str], QIcon] = {}

    def icon(self, name: str, colour: str) -> QIcon:
        """The icon ``name`` in ``colour`` (``#rrggbb``), for every size and scale in use."""
        key = (name, colour)
        if key not in self._drawn:
            self._drawn[key] = self._draw(name, colour)
        return self._drawn[key]

    def pixmap(self, name: str, colour: str, size: int, scale: float = 2.0) -> QPixmap:
        """One picture of ``size`` logical pixels, drawn for a screen of ``scale``."""
        picture = QPixmap(QSize(round(size * scale), round(size * scale)))
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        QSvgRenderer(QByteArray(self._tinted(name, colour))).render(
            painter, QRectF(0, 0, picture.width(), picture.height())
        )
        painter.end()
        picture.setDevicePixelRatio(scale)
        return picture

    def _draw(self, name: str, colour: str) -> QIcon:
        icon = QIcon()
        for size in SIZES:
            for scale in SCALES:
                icon.addPixmap(self.pixmap(name, colour, size, scale))
        return icon

    def _tinted(self, name: str, colour: str) -> bytes:
        if name not in self._sources:
            self._sources[name] = (self._folder / f"{name}.svg").read_bytes()
        return self._sources[name].replace(b"currentColor", colour.encode())
