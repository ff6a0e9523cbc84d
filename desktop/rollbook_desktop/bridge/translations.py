"""Translations read from one `.ts` file as the translators' tools write it (W21): no step of compiling."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTranslator

Plural = Callable[[int], int]


def _one_and_more(count: int) -> int:
    return 0 if count == 1 else 1


PLURALS: dict[str, Plural] = {"en": _one_and_more, "el": _one_and_more}
"""Language to the rule that picks the form for a number; others are taken as having one and more."""


class FileTranslator(QTranslator):
    """The messages of one file, which is the program's own: it is trusted as its code is."""

    def __init__(self, file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        root = ElementTree.parse(file).getroot()  # noqa: S314  a file of the program itself
        language = root.get("language", "en").replace("-", "_").split("_")[0]
        self._plural = PLURALS.get(language, _one_and_more)
        self._messages: dict[tuple[str, str], tuple[str, ...]] = {}
        for context in root.iter("context"):
            name = context.findtext("name", "")
            for message in context.iter("message"):
                if forms := _forms(message):
                    self._messages[name, message.findtext("source", "")] = forms

    def translate(
        self, context: str, source_text: str, _disambiguation: str | None = None, n: int = -1
    ) -> str:
        """The translation; the program's own words where the file has none."""
        forms = self._messages.get((context, source_text))
        if forms is None:
            return source_text
        return forms[min(self._plural(n), len(forms) - 1)] if n >= 0 else forms[0]

    def isEmpty(self) -> bool:
        """Whether there is nothing in it."""
        return not self._messages


def _forms(message: ElementTree.Element) -> tuple[str, ...]:
    translation = message.find("translation")
    if translation is None or translation.get("type") in ("obsolete", "vanished"):
        return ()
    if message.get("numerus") == "yes":
        return tuple(form.text or "" for form in translation.iter("numerusform"))
    return (translation.text,) if translation.text else ()
