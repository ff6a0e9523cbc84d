"""The school's records to a file, from what is on this computer (D13, D12)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rollbook.client.facade import Client
from rollbook.domain.entity import EntityType, FieldType
from rollbook.domain.registry import ENTITIES
from rollbook.domain.student import STUDENT
from rollbook.exchange import write_table
from rollbook.exchange.package import Exported, write_oneroster

EXPORTED = {entity.plural: entity.name for entity in ENTITIES.values() if entity.plural}
"""What can be exported as a table, by its plural."""


def export_records(client: Client, what: str, file: Path, *, replace: bool = False) -> int:
    """Write all records of a kind (a key of :data:`EXPORTED`) that are not archived; returns how many.

    The headings are the names of the fields: importing the students' file changes nothing (D10). Records that
    others name, or that name others, have their ids. Raises :class:`UnwritableFileError`.
    """
    entity = ENTITIES[EXPORTED[what]]
    names = [spec.name for spec in entity.fields if spec.type is not FieldType.FILE]
    with_id = () if entity is STUDENT else ("id",)  # the import of students knows no ids of ours
    rows = (
        [*(record_id for _name in with_id), *(_text(values[name]) for name in names)]
        for record_id, values in _records(client, entity)
    )
    return write_table(file, [*with_id, *names], rows, replace=replace)


def export_oneroster(client: Client, file: Path, *, replace: bool = False) -> Exported:
    """Write the whole school as far as this user may see it, as a OneRoster 1.2 package.

    Importing it here changes nothing (D10). Raises :class:`UnwritableFileError`.
    """
    account = client.account
    return write_oneroster(
        file,
        lambda name: _records(client, ENTITIES[name]),
        school_id=account.school_id,
        school_name=account.school_name,
        replace=replace,
    )


def _records(client: Client, entity: EntityType) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((row.id, row.values) for row, archived in client.every_record(entity.name) if not archived)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
