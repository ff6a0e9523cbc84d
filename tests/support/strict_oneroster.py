"""A strict reader of OneRoster 1.2 packages, after the rules of the standard's CSV binding (D11).

It shares nothing with the program: headings, words and rules are written down here once more.
"""

import csv
import io
import re
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

BASE = ["sourcedId", "status", "dateLastModified"]
FILES = [
    "academicSessions", "categories", "classes", "classResources", "courses", "courseResources",
    "demographics", "enrollments", "lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "orgs",
    "resources", "resultLearningObjectiveIds", "results", "resultScoreScales", "roles", "scoreScales",
    "userProfiles", "userResources", "users",
]  # fmt: skip
_RACES = (
    "americanIndianOrAlaskaNative asian blackOrAfricanAmerican nativeHawaiianOrOtherPacificIslander white "
    "demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity"
)
HEADINGS = {
    "orgs": "name type identifier parentSourcedId",
    "academicSessions": "title type startDate endDate parentSourcedId schoolYear",
    "courses": "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
    "classes": "title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds "
    "subjects subjectCodes periods",
    "users": "enabledUser username userIds givenName familyName middleName identifier email sms phone "
    "agentSourcedIds grades password userMasterIdentifier resourceSourcedIds preferredGivenName "
    "preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns",
    "roles": "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
    "demographics": f"birthDate sex {_RACES} countryOfBirthCode stateOfBirthAbbreviation cityOfBirth "
    "publicSchoolResidenceStatus",
    "enrollments": "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
    "categories": "title weight",
    "lineItems": "title description assignDate dueDate classSourcedId categorySourcedId "
    "academicSessionSourcedId resultValueMin resultValueMax schoolSourcedId",
    "results": "lineItemSourcedId studentSourcedId scoreStatus score scoreDate comment textScore "
    "classSourcedId inProgress incomplete late missing",
}
REQUIRED = {
    "orgs": "name type",
    "academicSessions": "title type startDate endDate schoolYear",
    "courses": "title orgSourcedId",
    "classes": "title courseSourcedId classType schoolSourcedId termSourcedIds",
    "users": "enabledUser username givenName familyName",
    "roles": "userSourcedId roleType role orgSourcedId",
    "demographics": "",
    "enrollments": "classSourcedId schoolSourcedId userSourcedId role",
    "categories": "title",
    "lineItems": "title assignDate dueDate classSourcedId categorySourcedId academicSessionSourcedId "
    "resultValueMin resultValueMax schoolSourcedId",
    "results": "lineItemSourcedId studentSourcedId scoreStatus score scoreDate",
}
WORDS = {
    ("orgs", "type"): "department school district local state national",
    ("academicSessions", "type"): "gradingPeriod semester schoolYear term",
    ("classes", "classType"): "homeroom scheduled",
    ("users", "enabledUser"): "true false",
    ("roles", "roleType"): "primary secondary",
    ("roles", "role"): "aide counselor districtAdministrator guardian parent principal proctor relative "
    "siteAdministrator student systemAdministrator teacher",
    ("demographics", "sex"): "male female unspecified other",
    ("enrollments", "role"): "administrator proctor student teacher",
    ("enrollments", "primary"): "true false",
    ("results", "late"): "true false",
    ("results", "missing"): "true false",
}
STATUSES = {"exempt", "fully graded", "not submitted", "partially graded", "submitted"}
REFERENCES = {
    "parentSourcedId": None, "schoolYearSourcedId": "academicSessions", "orgSourcedId": "orgs",
    "courseSourcedId": "courses", "schoolSourcedId": "orgs", "termSourcedIds": "academicSessions",
    "agentSourcedIds": "users", "primaryOrgSourcedId": "orgs", "userSourcedId": "users",
    "classSourcedId": "classes", "categorySourcedId": "categories",
    "academicSessionSourcedId": "academicSessions", "lineItemSourcedId": "lineItems",
    "studentSourcedId": "users",
}  # fmt: skip
DATES = {"startDate", "endDate", "beginDate", "birthDate", "assignDate", "dueDate", "scoreDate"}
NUMBERS = {"weight", "resultValueMin", "resultValueMax", "score"}
Rows = list[dict[str, str]]


def faults_of(path: Path) -> list[str]:
    """All that the standard does not allow in the package; empty when it is as it should be."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        texts = {name: archive.read(name) for name in names}
    faults = [f"{name}: not at the root" for name in names if "/" in name]
    faults += [f"{name}: twice" for name, times in Counter(names).items() if times > 1]
    faults += [
        f"{name}: has a mark at its beginning" for name, data in texts.items() if data[:3] == b"\xef\xbb\xbf"
    ]
    tables = {name.removesuffix(".csv"): _table(data) for name, data in texts.items()}
    faults += _manifest_faults(tables.pop("manifest"), set(tables))
    ids = {file: Counter(row["sourcedId"] for row in _dicts(table)) for file, table in tables.items()}
    for file, table in tables.items():
        faults += _heading_faults(file, table[0])
        faults += [f"{file} {row[0]}: {len(row)} cells" for row in table[1:] if len(row) != len(table[0])]
        faults += [f"{file}: {each} twice" for each, times in ids[file].items() if times > 1]
        for row in _dicts(table):
            faults += [f"{file} {row['sourcedId']}: {fault}" for fault in _row_faults(file, row, ids)]
    return faults + _role_faults(tables)


def _table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))


def _dicts(table: list[list[str]]) -> Rows:
    return [dict(zip(table[0], row, strict=False)) for row in table[1:]]


def _manifest_faults(table: list[list[str]], present: set[str]) -> list[str]:
    faults = [] if table[0] == ["propertyName", "value"] else ["manifest: headings"]
    values = {row[0]: row[1] for row in table[1:]}
    wanted = ["manifest.version", "oneroster.version", *(f"file.{name}" for name in FILES)]
    if list(values)[: len(wanted)] != wanted or set(values) - {
        *wanted,
        "source.systemName",
        "source.systemCode",
    }:
        faults.append("manifest: properties")
    if (values["manifest.version"], values["oneroster.version"]) != ("1.0", "1.2"):
        faults.append("manifest: versions")
    modes = {name: "bulk" if name in present else "absent" for name in FILES}
    faults += [f"manifest: {name}" for name, mode in modes.items() if values[f"file.{name}"] != mode]
    return faults + [f"{name}: no file of the standard" for name in present - set(FILES)]


def _heading_faults(file: str, headings: list[str]) -> list[str]:
    wanted = [*BASE, *HEADINGS[file].split()]
    more = headings[len(wanted) :]
    if headings[: len(wanted)] != wanted or not all(each.startswith("metadata.") for each in more):
        return [f"{file}: headings {headings}"]
    return []


def _row_faults(file: str, row: dict[str, str], ids: dict[str, Counter[str]]) -> list[str]:
    faults = [f"{name} is empty" for name in ["sourcedId", *REQUIRED[file].split()] if not row[name]]
    faults += [f"{name} in a whole file" for name in ("status", "dateLastModified") if row[name]]
    for name, cell in row.items():
        if cell and not name.startswith("metadata."):
            faults += _cell_faults(file, name, cell)
            faults += _reference_faults(file, name, cell, ids)
    if file == "demographics" and row["sourcedId"] not in ids["users"]:
        faults.append("of no user")
    return faults


def _cell_faults(file: str, name: str, cell: str) -> list[str]:
    words = WORDS.get((file, name))
    wrong = (
        (words is not None and cell not in words.split())
        or (name == "scoreStatus" and cell not in STATUSES)
        or (name in DATES and not _is_date(cell))
        or (name in NUMBERS and not re.fullmatch(r"-?\d+(\.\d+)?", cell))
        or (name == "schoolYear" and not re.fullmatch(r"\d{4}", cell))
        or name == "password"
    )
    return [f"{name} {cell}"] if wrong else []


def _reference_faults(file: str, name: str, cell: str, ids: dict[str, Counter[str]]) -> list[str]:
    if name not in REFERENCES:
        return []
    target = REFERENCES[name] or file
    parts = cell.split(",") if name.endswith("Ids") else [cell]
    return [f"{name} {part} leads nowhere" for part in parts if part not in ids.get(target, ())]


def _role_faults(tables: dict[str, list[list[str]]]) -> list[str]:
    """Each user has one primary role."""
    primary = Counter(
        row["userSourcedId"] for row in _dicts(tables.get("roles", [[]])) if row["roleType"] == "primary"
    )
    users = [row["sourcedId"] for row in _dicts(tables.get("users", [[]]))]
    return [f"users {user}: {primary[user]} primary roles" for user in users if primary[user] != 1]


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and date.fromisoformat(text) is not None
    except ValueError:
        return False
