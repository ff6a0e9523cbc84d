"""The school's users, for its administrator alone."""

from typing import Any

from rollbook.domain.roles import Role
from support.school_server import SchoolServer

PATH = "/api/v1/users"


def test_r15_the_administrator_sees_who_belongs_to_the_school(school: SchoolServer, tmp_path: Any) -> None:
    other = SchoolServer(school.settings.database, tmp_path)
    stranger = other.user(Role.ADMINISTRATOR)
    other.close()
    names = {school.user(role): role.value for role in (Role.TEACHER, Role.VIEWER)}
    desk = school.desk(Role.ADMINISTRATOR)
    names[desk.session.user_name] = "administrator"
    seen: dict[str, str] = {}
    asked: dict[str, Any] = {"limit": 2}
    while True:
        page = desk.call("GET", PATH, params=asked).json()
        seen |= {user["name"]: user["role"] for user in page["users"]}
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    assert seen == names
    assert stranger not in seen
    for cursor in ("x", f"student:{desk.session.user_id}", desk.session.user_id):
        assert desk.call("GET", PATH, params={"cursor": cursor}).status_code == 422
    assert school.desk(Role.REGISTRAR).call("GET", PATH).status_code == 403
