"""W19: what is read has a contrast of 4.5:1 on its ground, in both themes."""

import pytest

from rollbook_desktop.widgets.theme import DARK, LIGHT, Colours

TEXT_ON_GROUND = [
    ("text", "window"),
    ("text", "surface"),
    ("text", "sidebar"),
    ("text", "selection"),
    ("text", "quiet_soft"),
    ("muted", "window"),
    ("muted", "surface"),
    ("muted", "sidebar"),
    ("accent", "accent_soft"),
    ("accent", "window"),
    ("accent", "surface"),
    ("on_accent", "accent"),
    ("on_accent", "accent_strong"),
    ("good", "good_soft"),
    ("quiet", "quiet_soft"),
    ("warn", "warn_soft"),
    ("act", "act_soft"),
    ("act", "surface"),
    ("surface", "text"),
]


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_w19_text_can_be_read_on_its_ground(colours: Colours, text: str, ground: str) -> None:
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["window", "surface"])
def test_w19_the_edge_of_a_field_and_the_focus_can_be_seen(colours: Colours, ground: str) -> None:
    assert contrast(colours.line_strong, getattr(colours, ground)) >= 2.7
    assert contrast(colours.accent, getattr(colours, ground)) >= 3.0


def contrast(one: str, other: str) -> float:
    """The contrast of WCAG 2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb``."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
