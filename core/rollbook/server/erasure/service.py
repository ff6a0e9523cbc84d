"""An erasure as it is asked for, asserted again after a restore, and ended in the bytes (D3)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
import structlog
from sqlalchemy import Connection, false, or_, select

from rollbook.contract.audit import Deed
from rollbook.contract.erasure import (
    Erasure,
    ErasurePreview,
    ErasureRequest,
    NamedPerson,
    RecordName,
    entity_erased,
)
from rollbook.contract.feed import Change
from rollbook.contract.problems import FieldProblem
from rollbook.domain.clock import Clock
from rollbook.domain.erasure import PERSONS
from rollbook.domain.ids import IdSource
from rollbook.domain.labels import label_of
from rollbook.domain.registry import ENTITIES
from rollbook.server.audit import trail
from rollbook.server.database import Database
from rollbook.server.erasure import found, removing, scrubbing
from rollbook.server.erasure.kept_list import KeptList, Listed
from rollbook.server.erasure.reading import erased_among
from rollbook.server.erasure.removing import Act, Gone
from rollbook.server.installation import KnownInstallation
from rollbook.server.merged import MERGED, merged
from rollbook.server.problems import ProblemError
from rollbook.server.settings import Settings
from rollbook.server.sync.identity import read_aliases
from rollbook.server.sync.incoming import is_record_id
from rollbook.server.sync.known import RecordKey, read_records
from rollbook.server.sync.push import random_mark
from rollbook.server.sync.seal import Sealer
from rollbook.server.sync.sums import schools
from rollbook.server.sync.write import RandomMark
from rollbook.server.tables import erased, record_tables

log = structlog.get_logger("rollbook.server.erasure")
_LONGEST_SECONDS = 600.0
_SHORTEST_WORD = 3
_CHANGE = msgspec.json.Decoder(Change)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a user's id, empty for who sits at the server, and the name that is told."""

    user_id: str
    name: str


class ErasureService:
    """Blocking; safe from several threads and workers."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        new_id: IdSource,
        installation: KnownInstallation,
        committed: Callable[[str], None],
        new_mark: RandomMark = random_mark,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._installation = installation
        self._committed = committed
        self._new_mark = new_mark
        self._list = KeptList(settings.erased_list)

    def named(self, school_id: str, entity: str, text: str) -> RecordName:
        """The person of that id, or with that value in a field that holds it once: a number.

        Raises :class:`ProblemError` ``not-found``.
        """
        if is_record_id(text):
            return RecordName(entity, text)
        table = record_tables[entity]
        holds = [table.c[spec.name] == text for spec in ENTITIES[entity].fields if spec.unique]
        query = select(table.c.id).where(table.c.school_id == school_id, or_(false(), *holds))
        found = self._database.read(lambda connection: connection.execute(query).scalars().all())
        if len(found) != 1:  # an archived record may have had the number before
            raise ProblemError("not-found")
        return RecordName(entity, found[0])

    def preview(self, school_id: str, person: RecordName, also: Sequence[RecordName] = ()) -> ErasurePreview:
        """What would go with the person, and with those of ``also``.

        Raises :class:`ProblemError` ``not-found``, also for what is no person, ``erased``, or
        ``validation-failed`` for one that is merged with others.
        """

        def read(connection: Connection) -> ErasurePreview:
            people = [_person(connection, school_id, each) for each in (person, *also)]
            going, files, proposals = removing.count(connection, school_id, [_key(each) for each in people])
            alone = found.left_alone(connection, school_id, going)
            return ErasurePreview(
                people[0],
                {name: len(ids) for name, ids in going.items()},
                files,
                proposals,
                [_person(connection, school_id, RecordName(*key)) for key in alone],
            )

        return self._database.read(read)

    def erase(self, school_id: str, asker: Asker, asked: ErasureRequest) -> Erasure:
        """Erase them; when this returns they are out of every table, and the list outside says so.

        What the database has freed is written over by :meth:`scrub`. Raises :class:`ProblemError` as
        :meth:`preview`, and ``validation-failed`` for a wrong ``confirm`` or ``reason``.
        """
        erasure, at = self._new_id(), self._clock.now().isoformat(timespec="milliseconds")
        sealer = self._sealer(school_id)

        def work(connection: Connection) -> Gone:
            people = [_person(connection, school_id, each) for each in (asked.person, *asked.also)]
            _must_be_meant(connection, school_id, people, asked)
            act = Act(connection, school_id, sealer, self._new_mark, erasure, asker.user_id, asker.name, at)
            gone = removing.erase(act, [_key(each) for each in people])
            for each in people:
                self._write_down(connection, school_id, Deed.ERASED, asker.name, each, asked.reason)
            return gone

        gone = self._database.write(work, longest_seconds=_LONGEST_SECONDS)
        self._committed(school_id)
        log.info("person_erased", erasure=erasure, records=sum(gone.records.values()))
        self._list.add(Listed(school_id, change) for change in gone.people)
        return Erasure(erasure, gone.records)

    def told(self, school_id: str, told: Sequence[Change]) -> None:
        """A computer knows of erasures: those that this server made and has lost are done again (S22)."""
        sealer = self._sealer(school_id)
        known = {change.id for change in self._database.read(partial(_people, school_id=school_id))}
        self._again(school_id, (each for each in told if each.id not in known and sealer.is_ours(each)))

    def assert_again(self) -> None:
        """Make the list and the database tell the same; to be called at each start, and after a restore.

        What the list alone tells is erased again; what it lacks is added to it.
        """
        listed: dict[str, list[Change]] = {}
        for each in self._list.read():
            listed.setdefault(each.school_id, []).append(each.erased)
        for school_id in self._database.read(schools):
            known = self._database.read(partial(_people, school_id=school_id))
            mine = {change.id for change in listed.get(school_id, ())}
            self._list.add(Listed(school_id, change) for change in known if change.id not in mine)
            self._again(school_id, listed.get(school_id, ()))

    def scrub(self) -> bool:
        """See :func:`scrubbing.scrub`."""
        return scrubbing.scrub(self._database, self._settings)

    def _again(self, school_id: str, told: Iterable[Change]) -> None:
        """Erase anew those of whom there is anything, or who are not known to be erased."""
        sealer = self._sealer(school_id)
        for change in told:
            again = partial(self._once_more, school_id=school_id, sealer=sealer, told=change)
            done = self._database.write(again, longest_seconds=_LONGEST_SECONDS)
            if done:
                self._committed(school_id)
                log.warning("person_erased_again", erasure=change.op_id)
                self._list.add([Listed(school_id, change)])

    def _once_more(self, connection: Connection, school_id: str, sealer: Sealer, told: Change) -> bool:
        entity = entity_erased(told)
        if entity not in PERSONS:
            return False
        known = bool(erased_among(connection, school_id, [told.id]))
        if known and not read_records(connection, school_id, ENTITIES[entity], [told.id]):
            return False
        act = Act(connection, school_id, sealer, self._new_mark, told.op_id, told.owner, told.by, told.at)
        removing.erase(act, [(entity, told.id)])
        person = NamedPerson(entity, told.id, "")
        self._write_down(connection, school_id, Deed.ERASED_AGAIN, told.by, person, "")
        return True

    def _write_down(
        self, connection: Connection, school_id: str, what: Deed, by: str, person: NamedPerson, detail: str
    ) -> None:
        subject = f"{person.entity} {person.id}"
        trail.write(connection, self._clock, school_id, what, by=by, subject=subject, detail=detail)

    def _sealer(self, school_id: str) -> Sealer:
        return Sealer(school_id, self._installation.get().secret)


def _key(person: NamedPerson) -> RecordKey:
    return person.entity, person.id


def _people(connection: Connection, school_id: str) -> list[Change]:
    query = select(erased.c.payload).where(erased.c.school_id == school_id, erased.c.person == 1)
    return [_CHANGE.decode(row) for row in connection.execute(query).scalars()]


def _person(connection: Connection, school_id: str, named: RecordName) -> NamedPerson:
    """The person that is meant, by their own id where an alias is given (D4)."""
    if erased_among(connection, school_id, [named.id]):
        raise ProblemError("erased")
    if named.entity not in PERSONS or not is_record_id(named.id):
        raise ProblemError("not-found")
    record_id = read_aliases(connection, school_id, named.entity, [named.id]).get(named.id, named.id)
    if named.entity == MERGED and _is_merged(connection, school_id, record_id):
        raise _wrong(
            "person", "This is one of several merged records: tell them apart first, then erase each."
        )
    records = read_records(connection, school_id, ENTITIES[named.entity], [record_id])
    if record_id not in records:
        raise ProblemError("not-found")
    return NamedPerson(named.entity, record_id, label_of(records[record_id].values))


def _is_merged(connection: Connection, school_id: str, record_id: str) -> bool:
    """Whether other records stand under one person with it (D4): they would stay, or go unseen."""
    pairs = merged(connection, school_id)
    return record_id in {*pairs, *pairs.values()}


def _must_be_meant(
    connection: Connection, school_id: str, people: Sequence[NamedPerson], asked: ErasureRequest
) -> None:
    """The name was typed, and what is kept in the trail names nobody."""
    if not asked.reason.strip() or not asked.reason.isprintable():
        raise _wrong("reason", "Say why, in one line: it is kept in the audit trail.")
    words: set[str] = set()
    for each in people:
        entity = ENTITIES[each.entity]
        values = read_records(connection, school_id, entity, [each.id])[each.id].values
        words |= {str(values[name]) for name in entity.searched if values[name]}
        if each is people[0]:
            unique = {spec.name for spec in entity.fields if spec.unique}
            bare = {name: value for name, value in values.items() if name not in unique}
            meant = {each.label, label_of(bare), *(str(values[name]) for name in unique if values[name])}
            if _folded(asked.confirm) not in map(_folded, meant):
                raise _wrong("confirm", "This is not the name, nor the number, of who would be erased.")
    said = _folded(asked.reason).split()
    if any(part in said for word in words for part in _folded(word).split() if len(part) >= _SHORTEST_WORD):
        raise _wrong("reason", "It names the person, and is kept when they are gone: leave the name out.")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _wrong(field: str, message: str) -> ProblemError:
    return ProblemError("validation-failed", errors=(FieldProblem(field, message),))
