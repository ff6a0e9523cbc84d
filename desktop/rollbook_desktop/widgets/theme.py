"""Light and dark, one scale of type and one of space (W20, W24). All colours of the window are here."""

from dataclasses import dataclass, fields
from enum import StrEnum
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from rollbook_desktop.widgets.icons import Icons

SPACE = {"xs": 4, "s": 8, "m": 12, "l": 16, "xl": 24, "xxl": 40}
"""Distances in logical pixels."""

BODY_POINTS = 10.0
TYPE_SCALE = {"small": 0.9, "body": 1.0, "heading": 1.15, "title": 1.5, "display": 2.0}
"""Sizes of type as multiples of the body's."""


class ThemeChoice(StrEnum):
    """What the person chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours by meaning. ``*_soft`` is a ground that text of the same name is read on."""

    window: str
    surface: str
    sidebar: str
    line: str
    line_strong: str
    text: str
    muted: str
    accent: str
    accent_strong: str
    on_accent: str
    accent_soft: str
    selection: str
    good: str
    good_soft: str
    quiet: str
    quiet_soft: str
    warn: str
    warn_soft: str
    act: str
    act_soft: str


LIGHT = Colours(
    window="#f5f6f8",
    surface="#ffffff",
    sidebar="#ebeef2",
    line="#dde2e8",
    line_strong="#8894a3",
    text="#18212c",
    muted="#566272",
    accent="#1f5aa8",
    accent_strong="#17488a",
    on_accent="#ffffff",
    accent_soft="#e3edf9",
    selection="#d8e6f8",
    good="#1a6a43",
    good_soft="#e0f3e8",
    quiet="#475363",
    quiet_soft="#e4e8ed",
    warn="#7a4d00",
    warn_soft="#fdf0d0",
    act="#a8201a",
    act_soft="#fde6e4",
)

DARK = Colours(
    window="#14181d",
    surface="#1b2027",
    sidebar="#101419",
    line="#2d343d",
    line_strong="#727f8f",
    text="#e7ebf0",
    muted="#a5b0bd",
    accent="#86b6f6",
    accent_strong="#a5c9f8",
    on_accent="#0d1c30",
    accent_soft="#1d3049",
    selection="#24405f",
    good="#7bd3a4",
    good_soft="#16332a",
    quiet="#c0c9d4",
    quiet_soft="#2b323b",
    warn="#f2c664",
    warn_soft="#3a2f14",
    act="#ffa69c",
    act_soft="#47201d",
)


class Theme(QObject):
    """Dresses the application, and does so again when the person or the system changes its mind."""

    changed = Signal()

    def __init__(
        self, application: QApplication, style_sheet: str, icons: Icons, choice: ThemeChoice
    ) -> None:
        super().__init__()
        self._application = application
        self._icons = icons
        self._template = Template(style_sheet)
        self._choice = choice
        self.colours = LIGHT
        application.setStyle("Fusion")
        application.setFont(self.font("body"))
        application.styleHints().colorSchemeChanged.connect(self.apply)
        self.apply()

    @property
    def choice(self) -> ThemeChoice:
        """What the person chose."""
        return self._choice

    def choose(self, choice: ThemeChoice) -> None:
        """Dress the application as the person wants it from now on."""
        self._choice = choice
        self.apply()

    def apply(self) -> None:
        """Set palette and style sheet from the choice and the system's scheme."""
        self.colours = DARK if self._is_dark() else LIGHT
        self._application.setPalette(palette_of(self.colours))
        self._application.setStyleSheet(self._template.substitute(self._tokens()))
        self.changed.emit()

    def font(self, size: str, bold: bool = False) -> QFont:
        """The font of a step of the type scale."""
        font = QFont(self._application.font())
        font.setPointSizeF(points(size))
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font

    def icon(self, name: str, meaning: str = "text") -> QIcon:
        """The icon ``name`` in the colour of ``meaning`` (a name of :class:`Colours`)."""
        return self._icons.icon(name, getattr(self.colours, meaning))

    def pixmap(self, name: str, meaning: str, size: int) -> QPixmap:
        """One picture of ``size`` logical pixels in the colour of ``meaning``."""
        return self._icons.pixmap(name, getattr(self.colours, meaning), size)

    def _is_dark(self) -> bool:
        if self._choice is ThemeChoice.SYSTEM:
            return self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self._choice is ThemeChoice.DARK

    def _tokens(self) -> dict[str, str]:
        colours = {item.name: getattr(self.colours, item.name) for item in fields(self.colours)}
        space = {f"space_{name}": f"{pixels}px" for name, pixels in SPACE.items()}
        sizes = {f"type_{name}": f"{points(name):g}pt" for name in TYPE_SCALE}
        return colours | space | sizes


def points(size: str) -> float:
    """The size in points of a step of the type scale."""
    return round(BODY_POINTS * TYPE_SCALE[size], 1)


def palette_of(colours: Colours) -> QPalette:
    """The palette that the style draws with where no rule of the style sheet says otherwise."""
    palette = QPalette()
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    for target, colour in (
        (role.Window, colours.window),
        (role.WindowText, colours.text),
        (role.Base, colours.surface),
        (role.AlternateBase, colours.window),
        (role.Text, colours.text),
        (role.PlaceholderText, colours.muted),
        (role.Button, colours.surface),
        (role.ButtonText, colours.text),
        (role.ToolTipBase, colours.text),
        (role.ToolTipText, colours.surface),
        (role.Highlight, colours.selection),
        (role.HighlightedText, colours.text),
        (role.Link, colours.accent),
        (role.Accent, colours.accent),
        (role.Mid, colours.line),
        (role.Light, colours.surface),
        (role.Dark, colours.line_strong),
    ):
        palette.setColor(target, QColor(colour))
    for target in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(group.Disabled, target, QColor(colours.muted))
    return palette
