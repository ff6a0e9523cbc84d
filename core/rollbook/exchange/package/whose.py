"""Who a package's people are, and of which school its rows are (D11)."""

from collections import Counter
from collections.abc import Collection, Iterator

from rollbook.exchange.outcomes import FileWarning
from rollbook.exchange.package.layout import Format
from rollbook.exchange.package.sheet import Sheet, key_of
from rollbook.exchange.table import Row


class Schools:
    """The package's schools. ``mine`` are the ids of the user's own, where it is named among them."""

    def __init__(self, form: Format, sheet: Sheet | None, names: Collection[str]) -> None:
        self._form = form
        self.sheet = sheet
        self.mine: set[str] = set()
        self._others: dict[str, str] = {}
        self._listed: set[str] = set()
        self._unknown: Counter[str] = Counter()
        wanted = {key_of(name) for name in names}
        for row in sheet.rows if sheet else ():
            self._add(sheet, row, wanted)  # type: ignore[arg-type]
        self._named_here = wanted

    def _add(self, sheet: Sheet, row: Row, wanted: Collection[str]) -> None:
        sourced_id = sheet.cell(row, self._form.school_key)
        name = sheet.cell(row, self._form.school_name)
        self._listed.add(sourced_id)
        if {key_of(sourced_id), key_of(name)} & set(wanted):
            self.mine.add(sourced_id)
        elif key_of(sheet.cell(row, "type") or "school") == "school":
            self._others[sourced_id] = name or sourced_id

    def elsewhere(self, sheet: Sheet, row: Row) -> str:
        """The name of another school whose row it is; empty where it is the user's, or nothing tells.

        Where the user's own school is not among them, all go to it, and a warning says so.
        """
        named = self._named_in(sheet, row) if self.mine else ()
        if named and all(sourced_id in self._others for sourced_id in named):
            return self._others[named[0]]
        return ""

    def note(self, sheet: Sheet, row: Row) -> None:
        """Count the schools that a row names and that are not the user's."""
        if not self.mine:
            for sourced_id in self._named_in(sheet, row):
                if key_of(sourced_id) not in self._named_here:
                    self._unknown[sourced_id] += 1

    def _named_in(self, sheet: Sheet, row: Row) -> tuple[str, ...]:
        for heading in self._form.school_columns:
            named = sheet.ids(row, heading)
            if named:
                return named
        return ()

    def nowhere(self, sheet: Sheet, row: Row) -> tuple[str, str] | None:
        """The heading and the id of a school that the package's own list lacks."""
        if self._listed:
            for heading in self._form.school_columns:
                for sourced_id in sheet.ids(row, heading):
                    if sourced_id not in self._listed:
                        return heading, sourced_id
        return None

    def warnings(self) -> Iterator[FileWarning]:
        """The schools that rows name and that are not the user's."""
        if not self._unknown:
            return
        named = ", ".join(
            f"“{self._others.get(sourced_id, sourced_id)}” ({number:,} rows)"
            for sourced_id, number in self._unknown.most_common(20)
        )
        yield FileWarning(
            "school-unknown",
            f"The package names schools that do not exist here: {named}.",
            "Their records go to your school.",
        )


class People:
    """What the people of a package are. Their roles stand beside them, or in a file of their own."""

    def __init__(self, form: Format, users: Sheet | None, roles: Sheet | None, schools: Schools) -> None:
        self._role: dict[str, str] = {}
        self._elsewhere: dict[str, str] = {}
        if users is not None and users.has("role"):
            for row in users.rows:
                self._role.setdefault(users.cell(row, "sourcedId"), key_of(users.cell(row, "role")))
        if roles is not None:
            for row in sorted(roles.rows, key=lambda row: _weight(roles, row)):
                self._take(roles, row, schools)

    def _take(self, roles: Sheet, row: Row, schools: Schools) -> None:
        user = roles.cell(row, "userSourcedId")
        school = schools.elsewhere(roles, row)
        if school:
            self._elsewhere.setdefault(user, school)
        else:
            self._role.setdefault(user, key_of(roles.cell(row, "role")))

    def role_of(self, user: str) -> str:
        """The role of a user, as it is compared; empty where none is known."""
        return self._role.get(user, "")

    def elsewhere(self, user: str) -> str:
        """The school of a user who has roles at others alone."""
        return "" if user in self._role else self._elsewhere.get(user, "")


def _weight(roles: Sheet, row: Row) -> tuple[bool, bool]:
    """Roles that end say what a person was, who may go with them; a second one counts after the first."""
    ends = key_of(roles.cell(row, "status")) == "tobedeleted"
    return ends, key_of(roles.cell(row, "roleType")) == "secondary"
