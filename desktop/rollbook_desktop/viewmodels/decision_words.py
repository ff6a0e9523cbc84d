"""What the registrar decided on entries of this user, in words (S23)."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from rollbook.client.values import HandedEntry
from rollbook_desktop.viewmodels import moments
from rollbook_desktop.viewmodels.labels import field_label, value_text

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class DecisionWords:
    """What became of which entry, the registrar's note, and what was entered where it is known."""

    op_id: str
    declined: bool
    title: str
    which: str
    note: str
    changes: str


def decision_words(entry: HandedEntry) -> DecisionWords:
    """The words of a decision."""
    return DecisionWords(
        op_id=entry.op_id,
        declined=entry.state == "declined",
        title=_title(entry),
        which=translate("decisions", "{what}, entered {when}").format(
            what=_what(entry), when=moments.at(entry.entered_at)
        ),
        note=translate("decisions", "Note: {note}").format(note=entry.note) if entry.note else "",
        changes="\n".join(
            f"{field_label(name)}: {value_text(name, had)} → {value_text(name, value)}"
            for name, (had, value) in entry.fields.items()
        ),
    )


def summary_words(decisions: tuple[HandedEntry, ...]) -> str:
    """All of them in one line; empty for none."""
    declined = sum(each.state == "declined" for each in decisions)
    accepted = len(decisions) - declined
    parts = []
    if declined:
        parts.append(
            translate(
                "decisions", "The registrar did not accept %n entry(ies): not at the school.", "", declined
            )
        )
    if accepted:
        parts.append(
            translate("decisions", "The registrar accepted %n entry(ies): at the school.", "", accepted)
        )
    return " ".join(parts)


def _title(entry: HandedEntry) -> str:
    if entry.state == "declined":
        words = translate("decisions", "Not accepted by {who}, {when}. It is not at the school.")
    else:
        words = translate("decisions", "Accepted by {who}, {when}. It is at the school.")
    return words.format(who=entry.by, when=moments.at(entry.at))


def _what(entry: HandedEntry) -> str:
    known = {
        "create": translate("decisions", "New student"),
        "update": translate("decisions", "Change of a student"),
        "archive": translate("decisions", "Archiving of a student"),
    }
    what = known.get(entry.kind, entry.kind)
    return f"{what}: {entry.label}" if entry.label else what
