"""From a paper's data to a PDF, by a template of ``resources/templates`` (D13)."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rollbook.exchange.errors import NotPrintableError
from rollbook.exchange.whole_file import new_file, written
from rollbook.resource_files import resource

if TYPE_CHECKING:
    from typst import OutputFormat

_BEYOND_GREEK_AND_CYRILLIC = 0x0590
_MORE_LATIN_AND_GREEK = range(0x1E00, 0x2000)


def print_paper(path: Path, template: str, paper: dict[str, Any], *, replace: bool = False) -> int:
    """Write the PDF, whole or not at all; returns its size in bytes.

    Raises :class:`UnwritableFileError`, also for a file that is there already, unless ``replace``;
    :class:`NotPrintableError` where the typesetter fails.
    """
    with new_file(path, (".pdf",), replace=replace) as new:
        (content,) = typeset(template, paper)
        return written(new, content)


def typeset(template: str, paper: dict[str, Any], form: "OutputFormat" = "pdf") -> list[bytes]:
    """The paper as one PDF, or page by page as pictures (``png``, ``svg``).

    Raises :class:`NotPrintableError` where the typesetter fails.
    """
    import typst  # a large library, for who prints

    data = json.dumps(paper, ensure_ascii=False)
    source = resource(f"templates/{template}.typ")
    try:
        made = typst.compile(
            source,
            root=source.parent,
            format=form,
            sys_inputs={"data": data},
            ignore_system_fonts=not _needs_other_fonts(data),
        )
    except typst.TypstError as error:
        raise NotPrintableError(
            "not-typeset",
            f"The page could not be set: {error.message}.",
            "Tell whoever looks after Rollbook.",
        ) from error
    return [made] if isinstance(made, bytes) else list(made or ())


def _needs_other_fonts(text: str) -> bool:
    """Whether it has letters of scripts that the typesetter's own font lacks: finding others takes 0.3 s."""
    return any(
        char.isalpha() and ord(char) >= _BEYOND_GREEK_AND_CYRILLIC and ord(char) not in _MORE_LATIN_AND_GREEK
        for char in text
    )
