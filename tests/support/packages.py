"""Packages made by the tests, plans for them, and what a school has once a plan is carried out."""

import shutil
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from rollbook.domain.registry import ENTITIES
from rollbook.exchange import Known, KnownRecords, Outcome
from rollbook.exchange.package import PackagePlan, PartPlan, plan_package, read_files
from support.student_files import SCHOOL

DATA = Path(__file__).parents[1] / "data"
SDS = DATA / "sds-v1-100-users"
CLASSLINK = DATA / "oneroster-1.1-classlink"
School = dict[str, list[Known]]
"""The records of a school by entity."""

_ALL = "sourcedId,status,dateLastModified,"
HEADINGS = {
    "orgs": _ALL + "name,type,identifier,parentSourcedId",
    "academicSessions": _ALL + "title,type,startDate,endDate,parentSourcedId,schoolYear",
    "courses": _ALL + "schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects",
    "classes": _ALL + "title,courseSourcedId,classType,schoolSourcedId,termSourcedIds",
    "users": _ALL + "enabledUser,orgSourcedIds,role,username,givenName,familyName,identifier,email,sms,phone,"
    "agentSourcedIds,grades,password",
    "demographics": _ALL + "birthDate,sex",
    "enrollments": _ALL + "classSourcedId,schoolSourcedId,userSourcedId,role,primary",
    "categories": _ALL + "title,weight",
    "lineItems": _ALL + "title,dueDate,classSourcedId,categorySourcedId,resultValueMax",
    "results": _ALL + "lineItemSourcedId,studentSourcedId,scoreStatus,score",
    "roles": _ALL + "userSourcedId,roleType,role,beginDate,endDate,orgSourcedId",
}
SMALL: dict[str, list[str]] = {
    "orgs": ["org,,,Harbour School,school,,"],
    "academicSessions": [
        "t1,,,Autumn,term,2026-09-01,2026-12-20,y1,2027",
        "y1,,,2026/27,schoolYear,2026-09-01,2027-06-30,,2027",
    ],
    "courses": ['co,,,y1,Mathematics,M,"9,10",org,Maths'],
    "classes": ["cl,,,Maths 9A,co,scheduled,org,t1"],
    "users": [
        "s1,,,true,org,student,ana,Ana,Ferreira,0012,,,,p1,09,",
        "s2,,,true,org,student,bo,Bo,Lind,0013,,,,,09,secret",
        "t9,,,true,org,teacher,mk,Maria,Kosta,77,m@example.org,,210 1,,,",
        "p1,,,true,org,parent,pf,Paula,Ferreira,,p@example.org,69 1,,s1,,",
    ],
    "demographics": ["s1,,,2012-03-04,female"],
    "enrollments": ["e1,,,cl,org,s1,student,", "e2,,,cl,org,s2,student,", "e3,,,cl,org,t9,teacher,true"],
    "categories": ["ca,,,Tests,2"],
    "lineItems": ["li,,,Fractions,2026-10-10,cl,ca,20"],
    "results": ["r1,,,li,s1,fully graded,14.5"],
}
"""A small school, whole, as OneRoster 1.1 has it."""


def texts(rows: Mapping[str, list[str]], mode: str = "bulk", version: str = "1.1") -> dict[str, str]:
    """The files of a package with those rows."""
    files = {f"{name}.csv": "\r\n".join([HEADINGS[name], *lines, ""]) for name, lines in rows.items()}
    modes = "".join(f"file.{name},{mode}\r\n" for name in rows)
    files["manifest.csv"] = (
        f"propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,{version}\r\n{modes}"
    )
    return files


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """A zip of those files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def small(path: Path, mode: str = "bulk", **rows: list[str]) -> Path:
    """The small school with other rows in some files."""
    return zipped(path, texts({**SMALL, **rows}, mode))


def classlink(folder: Path) -> Path:
    """The public set with its users in their place."""
    shutil.copytree(CLASSLINK, folder)
    (folder / "test-csv.csv").replace(folder / "users.csv")
    return folder


def plan_of(path: Path, school: School | None = None) -> PackagePlan:
    """The dry run of a package into a school that has those records."""

    @cache
    def known(entity: str) -> KnownRecords:
        return KnownRecords((school or {}).get(entity, ()), ENTITIES[entity])

    return plan_package(read_files(path), known, school_id=SCHOOL, schools=(SCHOOL, "Harbour School"))


def carried_out(plan: PackagePlan, before: School | None = None) -> School:
    """The school as it is once the plan has been carried out."""
    after = {entity: {known.id: known for known in records} for entity, records in (before or {}).items()}
    for part in plan.parts:
        records = after.setdefault(part.entity, {})
        for row in part.to_write():
            record_id = str(row.record_id)
            had = records[record_id].values if record_id in records else {}
            removed = row.outcome is Outcome.REMOVED
            values = had if removed else {**had, **{n: change.value for n, change in row.differences.items()}}
            records[record_id] = Known(record_id, values, archived=removed)
    return {entity: list(records.values()) for entity, records in after.items()}


def part(plan: PackagePlan, file: str, entity: str) -> PartPlan:
    """The one part of that file and entity that has rows."""
    (found,) = [each for each in plan.parts if (each.file, each.entity) == (file, entity)]
    return found


def counted(plan: PackagePlan) -> dict[str, int]:
    """How many rows have each outcome, without those that none has."""
    return {outcome.value: number for outcome, number in plan.counts.items() if number}


def problems(plan: PackagePlan) -> list[tuple[str, int, str, str]]:
    """(file, row, column, code) of every problem."""
    return [(each.file, problem.row, problem.column, problem.code) for each, problem in plan.problems]


def codes(plan: PackagePlan) -> set[str]:
    """The codes of all warnings."""
    return {warning.code for warning in plan.warnings}
