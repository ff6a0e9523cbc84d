"""Where the files of ``resources/`` are: at the top of a checkout, inside the package once installed."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


class ResourceMissingError(Exception):
    """A file that belongs to the program is not there: the installation is incomplete."""

    def __init__(self, path: str) -> None:
        super().__init__(f"The program's own file “{path}” is missing. Install Rollbook again.")
        self.path = path


def resource(path: str) -> Path:
    """The file or folder ``path`` (with ``/``) below ``resources/``.

    Raises :class:`ResourceMissingError` where it does not exist, ``ValueError`` where it leads outside.
    """
    root = _resources()
    found = (root / path).resolve()
    if not found.is_relative_to(root):
        raise ValueError(f"{path!r} leads out of the resources")
    if not found.exists():
        raise ResourceMissingError(path)
    return found


def _resources() -> Path:
    """An installed wheel carries its resources in the package; a checkout has them at its top."""
    installed = _PACKAGE / "resources"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "resources"
