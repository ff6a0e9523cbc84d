"""Why something of the school's server cannot be told, in plain words by the stable code (R10, W9)."""

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def connection_words(code: str) -> str:
    """Why the school's server gave no answer."""
    if code == "no-network":
        return translate("reasons", "This computer has no network.")
    if code == "work-offline":
        return translate("reasons", "You chose to work offline.")
    if code in ("not-our-server", "another-installation"):
        return translate("reasons", "Another server answers at the school's address.")
    if code == "tls-failed":
        return translate("reasons", "The identity of the school's server could not be checked.")
    if code == "protocol-unsupported":
        return translate("reasons", "Rollbook here and at the school are of versions that do not fit.")
    if code in _REACHED_NOBODY:
        return translate("reasons", "The school's server can't be reached.")
    return translate("reasons", "The school's server has trouble.")


def part_words(name: str, code: str) -> str:
    """Why the school's server could not tell the part ``name``."""
    return _weather_words(code) if name == "weather" else _database_words(code)


_REACHED_NOBODY = frozenset(
    {"unreachable", "timeout", "name-not-found", "gateway-error", "breaker-open", "unreadable-answer"}
)


def _database_words(code: str) -> str:
    known = {
        "database-busy": translate("reasons", "The school's database is busy."),
        "database-unavailable": translate("reasons", "The school's database can't be reached."),
        "storage-full": translate("reasons", "The school's server has no room left on its disk."),
        "deadline-exceeded": translate("reasons", "It took the school's server too long."),
        "overloaded": translate("reasons", "The school's server has too much to do."),
    }
    return known.get(code) or translate("reasons", "The school's server met an error there ({code}).").format(
        code=code
    )


def _weather_words(code: str) -> str:
    if code in ("unreachable", "no-network", "name-not-found"):
        return translate("reasons", "The weather service can't be reached.")
    if code in ("unreadable-answer", "answer-too-large", "redirected"):
        return translate("reasons", "What the weather service answers can't be read.")
    if code in ("service-refused", "address-invalid", "tls-failed"):
        return translate(
            "reasons", "The weather service is set up wrongly at the school's server. Tell the administrator."
        )
    known = {
        "not-set-up": translate(
            "reasons", "It is not set up. An administrator can do so at the school's server."
        ),
        "timeout": translate("reasons", "The weather service did not answer in time."),
        "service-failing": translate("reasons", "The weather service has trouble."),
        "too-many-requests": translate("reasons", "The weather service asks to wait."),
        "breaker-open": translate("reasons", "The weather service failed and is left alone for a minute."),
        "overloaded": translate("reasons", "Too many ask for the weather at once."),
    }
    return known.get(code) or translate("reasons", "The school's server met an error there ({code}).").format(
        code=code
    )
