"""What a person calls a record."""

from rollbook.domain.entity import Values


def label_of(values: Values) -> str:
    """Its name, with the number where it has one."""
    name = " ".join(
        str(part) for part in (values.get("given_name"), values.get("family_name")) if part
    ) or str(values.get("native_name") or values.get("name") or "")
    number = values.get("student_number")
    return f"{name} ({number})" if number else name
