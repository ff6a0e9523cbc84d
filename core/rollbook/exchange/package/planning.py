"""The dry run of a package (D9, D11): every row of every file, worked out without storing anything."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from rollbook.domain.registry import ENTITIES
from rollbook.exchange.errors import ExchangeError
from rollbook.exchange.existing import Known
from rollbook.exchange.outcomes import FileWarning, Outcome, RowOutcome, RowProblem
from rollbook.exchange.package.folder import NotAPackageError, PackageFiles
from rollbook.exchange.package.layout import Format, Layout
from rollbook.exchange.package.manifest import FILES, MANIFEST, OURS, Manifest, Mode, read_manifest
from rollbook.exchange.package.oneroster_layouts import ONEROSTER
from rollbook.exchange.package.outcome import PackagePlan, PartPlan
from rollbook.exchange.package.part_planning import Claims, PartPlanner, removal
from rollbook.exchange.package.references import KnownOf, References
from rollbook.exchange.package.row_drafts import DraftReader
from rollbook.exchange.package.sds_layouts import SDS_V1, SDS_V21
from rollbook.exchange.package.sheet import Sheet
from rollbook.exchange.package.whose import People, Schools
from rollbook.exchange.read import read_table
from rollbook.exchange.table import Row


def plan_package(
    files: PackageFiles, known: KnownOf, *, school_id: str, schools: Collection[str] = ()
) -> PackagePlan:
    """Work out what importing the package into the school ``school_id`` would do.

    ``known`` gives the school's records of an entity, archived ones too; ``schools`` are the ids and names
    under which it may be named in a file. Raises :class:`NotAPackageError` for files of no known kind.
    """
    manifest = read_manifest(files.content[MANIFEST]) if MANIFEST in files.content else None
    form = _format_of(files, manifest)
    return _Planner(files, form, manifest, known, school_id, schools).plan()


def _format_of(files: PackageFiles, manifest: Manifest | None) -> Format:
    """Told by the manifest, or else by the names of the files."""
    stems = set(files.content)
    if manifest is not None:
        ours = manifest.system.split(".")[0].casefold() == OURS
        return replace(ONEROSTER, source_system=OURS) if ours else ONEROSTER
    if stems & {"student", "teacher", "section", "studentenrollment", "teacherroster"}:
        return SDS_V1
    if "roles" in stems and "users" in stems and b"status" not in files.content["users"].partition(b"\n")[0]:
        return SDS_V21
    if stems & {name.lower() for name in FILES}:
        return ONEROSTER
    raise NotAPackageError(
        "unknown-package",
        f"“{files.name}” has none of the files of OneRoster or School Data Sync.",
        "A OneRoster package has manifest.csv, users.csv and others; School Data Sync has Student.csv, "
        "Section.csv and others. A single list of students is imported by its file.",
    )


class _Planner:
    """Goes through the files in the order of what names what."""

    def __init__(
        self,
        files: PackageFiles,
        form: Format,
        manifest: Manifest | None,
        known: KnownOf,
        school_id: str,
        schools: Collection[str],
    ) -> None:
        self._files, self._form, self._manifest = files, form, manifest
        self._school_id = school_id
        self._warnings: list[FileWarning] = [*files.warnings, *(manifest.warnings if manifest else ())]
        self._parts: list[PartPlan] = []
        self._known_of_source = 0
        self._modes = self._modes_of()
        self._sheets = dict(self._read())
        self._own = manifest is not None and manifest.system == f"{OURS}.{school_id}"
        self._references = References(known, form.source_system, own=self._own)
        self._schools = Schools(form, self._sheet(form.schools), schools)
        users = self._sheet("users") if form.roles else None
        self._people = People(form, users, self._sheet(form.roles) if form.roles else None, self._schools)
        self._claims = {file: Claims() for file in form.files}
        self._claim_ids()
        self._told = Claims()
        self._staged: dict[str, dict[str, Known]] = {
            layout.entity: {} for layout in form.layouts if layout.supplements and self._sheet(layout.file)
        }
        self._taken: dict[str, set[int]] = {}
        self._used: dict[str, dict[str, set[int]]] = {}
        self._touched: dict[str, set[str]] = {}

    def plan(self) -> PackagePlan:
        """All parts: first what is of no entity, then entity by entity, then what is gone."""
        self._tell_schools()
        for entity in ENTITIES:
            for layout in self._form.layouts:
                if layout.entity == entity and (sheet := self._sheet(layout.file)) is not None:
                    self._part(layout, sheet)
        self._removals()
        for sheet in self._sheets.values():
            self._rest(sheet)
        self._warnings += self._schools.warnings()
        self._warnings += _left_out(self._parts)
        return PackagePlan(
            self._files.name,
            self._label(),
            self._form.source_system,
            tuple(part for part in self._parts if part.rows),
            tuple(self._warnings),
            self._known_of_source,
        )

    def _label(self) -> str:
        version = self._manifest.version if self._manifest else ""
        return f"{self._form.name} {version}".rstrip()

    def _sheet(self, file: str) -> Sheet | None:
        return self._sheets.get(file.lower())

    def _modes_of(self) -> Mapping[str, Mode]:
        """What each file is. School Data Sync always sends all; without a manifest nothing is known."""
        if self._manifest is not None:
            return self._manifest.modes
        if self._form.source_system == SDS_V1.source_system:
            return {name.lower(): Mode.BULK for name in self._form.files}
        self._warnings.append(
            FileWarning(
                "manifest-missing",
                "The package has no manifest.csv, so it is not known whether its files are whole.",
                "Nothing that they lack is removed.",
            )
        )
        return {}

    def _read(self) -> Iterator[tuple[str, Sheet]]:
        wanted = {name.lower(): name for name in self._form.files}
        for stem, mode in self._modes.items():
            if mode is not Mode.ABSENT and stem not in self._files.content and self._manifest is not None:
                self._warnings.append(
                    FileWarning(
                        "file-missing",
                        f"manifest.csv says that there is a file {stem}.csv, but there is none.",
                    )
                )
        for stem, data in self._files.content.items():
            spelled = self._files.names[stem]
            if stem == MANIFEST:
                continue
            if self._modes.get(stem) is Mode.ABSENT:
                self._warnings.append(
                    FileWarning(
                        "file-absent",
                        f"{spelled} is there, but manifest.csv calls it absent; it was not read.",
                    )
                )
            elif stem not in wanted:
                self._warnings.append(
                    FileWarning("file-left-out", f"{spelled} is not read: {_why_not(stem)}.")
                )
            else:
                sheet = self._read_one(wanted[stem], spelled, data)
                if sheet is not None:
                    yield stem, sheet

    def _read_one(self, file: str, spelled: str, data: bytes) -> Sheet | None:
        try:
            sheet = Sheet(file, read_table(data, name=spelled))
        except ExchangeError as error:
            problem = RowProblem(0, "", error.code, f"{spelled}: {error.message}", error.suggestion)
            self._parts.append(PartPlan(file, "", (RowOutcome(0, Outcome.PROBLEM, problems=(problem,)),)))
            return None
        if sheet.faulty:
            self._parts.append(PartPlan(file, "", tuple(_badly_formed(row) for row in sheet.faulty)))
        return sheet

    def _tell_schools(self) -> None:
        sheet = self._schools.sheet
        if sheet is not None:
            rows = []
            for row in sheet.rows:
                mine = sheet.cell(row, self._form.school_key) in self._schools.mine
                outcome = Outcome.SAME if mine else Outcome.LEFT_OUT
                why = "the user's school" if mine else "another school or organisation"
                rows.append(RowOutcome(row.number, outcome, notes=(why,)))
            self._parts.append(PartPlan(sheet.file, "school", tuple(rows)))

    def _claim_ids(self) -> None:
        """The first row that has an id has it, whichever entity comes first."""
        for layout in self._form.layouts:
            sheet = self._sheet(layout.file)
            if sheet is not None and layout.key and not layout.embedded:
                for row in sheet.rows:
                    parts = (sheet.cell(row, heading) for heading in layout.key)
                    self._claims[layout.file].first(("id", " ".join(filter(None, parts))), row.number)

    def _part(self, layout: Layout, sheet: Sheet) -> None:
        reader = DraftReader(layout, sheet, self._form, self._schools, self._people, self._uses_of(layout))
        planner = PartPlanner(
            reader,
            self._references,
            self._claims[layout.file],
            self._told,
            self._school_id,
            own=self._own,
            staged=self._staged.get(layout.entity),
        )
        self._parts.append(PartPlan(layout.file, layout.entity, tuple(planner.rows())))
        self._warnings += reader.warnings
        if not layout.each_of:
            self._taken.setdefault(layout.file, set()).update(reader.taken)
        used = self._used.setdefault(layout.file, {})
        for heading in (*(heading for heading, _field in layout.columns), *layout.key):
            used.setdefault(heading, set()).update(reader.taken)
        self._touched.setdefault(layout.entity, set()).update(planner.touched)

    def _uses_of(self, layout: Layout) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        used_by = layout.used_by
        sheet = self._sheet(used_by.file) if used_by else None
        for row in sheet.rows if sheet else ():
            users = found.setdefault(sheet.cell(row, used_by.this), [])  # type: ignore[union-attr]
            user = sheet.cell(row, used_by.by)  # type: ignore[union-attr]
            if user not in users:
                users.append(user)
        return found

    def _removals(self) -> None:
        """What came from this source before and is in a whole file no more, entity by entity from the end."""
        for entity in reversed(ENTITIES):
            layouts = [each for each in self._form.layouts if each.entity == entity and not each.supplements]
            if ENTITIES[entity].field("sourced_id") is None or not any(
                self._sheet(each.file) for each in layouts
            ):
                continue
            known = self._references.known(entity)
            active = [each for each in known.imported_from(self._form.source_system) if not each.archived]
            self._known_of_source += len(active)
            if self._are_whole(layouts):
                gone = [each for each in active if each.id not in self._touched.get(entity, ())]
                self._parts.append(
                    PartPlan(layouts[0].file, entity, tuple(removal(0, each) for each in gone))
                )

    def _are_whole(self, layouts: list[Layout]) -> bool:
        """Whether all that the source has of them is in these files, and could be read."""
        sheets = [self._sheet(each.file) for each in layouts]
        whole = all(self._modes.get(each.stem) is Mode.BULK and not each.embedded for each in layouts)
        return whole and all(sheet is not None and not sheet.faulty for sheet in sheets)

    def _rest(self, sheet: Sheet) -> None:
        """Rows that no layout means, and what is to be said of the columns."""
        form = self._form
        if sheet.file != form.schools:
            self._warnings += sheet.warnings(self._used.get(sheet.file, {}), form.derived)
            taken = self._taken.get(sheet.file, set())
            rest = tuple(self._of_none(sheet, row) for row in sheet.rows if row.number not in taken)
            self._parts.append(PartPlan(sheet.file, "", rest))

    def _of_none(self, sheet: Sheet, row: Row) -> RowOutcome:
        if sheet.file == self._form.roles:
            return RowOutcome(row.number, Outcome.SAME, notes=("says what a person is",))
        role = sheet.cell(row, "role")
        if not role and not sheet.has("role"):
            sourced_id = sheet.cell(row, "sourcedId")
            school = self._people.elsewhere(sourced_id)
            role = self._people.role_of(sourced_id)
            if school:
                return RowOutcome(row.number, Outcome.LEFT_OUT, notes=(f"of another school ({school})",))
        why = f"a role that is not kept here ({role})" if role else "without a role"
        return RowOutcome(row.number, Outcome.LEFT_OUT, notes=(why,))


def _why_not(stem: str) -> str:
    known = {name.lower() for name in FILES}
    return "Rollbook has no place for it" if stem in known else "it is no file of such a package"


def _badly_formed(row: Row) -> RowOutcome:
    problem = RowProblem(
        row.number,
        "",
        "row-form",
        row.fault,
        "A separator or a quotation mark may be missing or too many in this line; correct it in the file.",
    )
    return RowOutcome(row.number, Outcome.PROBLEM, problems=(problem,))


def _left_out(parts: Collection[PartPlan]) -> Iterator[FileWarning]:
    reasons = Counter(
        (part.file, row.notes[0])
        for part in parts
        for row in part.rows
        if row.outcome is Outcome.LEFT_OUT and row.notes
    )
    for (file, reason), number in reasons.most_common(50):
        yield FileWarning("rows-left-out", f"{file}: {number:,} rows were left out: {reason}.")
