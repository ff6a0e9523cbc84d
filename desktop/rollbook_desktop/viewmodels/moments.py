"""Moments and spans in words, in the person's zone and locale."""

from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDate, QDateTime, QLocale

translate = QCoreApplication.translate
MINUTE, HOUR, DAY = 60, 3600, 86400


def parse(moment: str | None) -> datetime | None:
    """The moment of ISO 8601 text, or ``None`` for none."""
    return datetime.fromisoformat(moment) if moment else None


def ago(moment: str | None, now: datetime) -> str:
    """How long ago, in whole units; ``now`` is aware. Empty for none."""
    then = parse(moment)
    if then is None:
        return ""
    return ago_by((now - then).total_seconds())


def ago_by(seconds: float) -> str:
    """How long ago, of so many seconds, in whole units."""
    if seconds < 10:
        return translate("moments", "just now")
    if seconds < MINUTE:
        return translate("moments", "%n second(s) ago", "", int(seconds))
    if seconds < HOUR:
        return translate("moments", "%n minute(s) ago", "", int(seconds // MINUTE))
    if seconds < DAY:
        return translate("moments", "%n hour(s) ago", "", int(seconds // HOUR))
    return translate("moments", "%n day(s) ago", "", int(seconds // DAY))


def at(moment: str | None) -> str:
    """Date and time as the locale writes them, in this computer's zone. Empty for none."""
    then = parse(moment)
    if then is None:
        return ""
    local = QDateTime.fromSecsSinceEpoch(int(then.timestamp()))
    return QLocale().toString(local, QLocale.FormatType.ShortFormat)


def day(value: str | None) -> str:
    """A date of the calendar as the locale writes it; text that is none is given back."""
    found = QDate.fromString(value or "", "yyyy-MM-dd")
    return QLocale().toString(found, QLocale.FormatType.ShortFormat) if found.isValid() else value or ""


def span(seconds: float) -> str:
    """A span to wait, in whole units and never less than it is."""
    if seconds < 1:
        return translate("moments", "now")
    if seconds < MINUTE:
        return translate("moments", "in %n second(s)", "", round(seconds))
    return translate("moments", "in %n minute(s)", "", round(seconds / MINUTE))
