"""A package's files, from a zip or a folder (D8, D11). Traps are refused before anything is unpacked."""

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TypeVar

from rollbook.exchange.errors import ExchangeError, UnreadableFileError
from rollbook.exchange.outcomes import FileWarning
from rollbook.exchange.table import ReadLimits

_Each = TypeVar("_Each")
_MOST_FILES = 200
_TIGHT = 200
_LARGE = 20 * 1024 * 1024
"""No list that people made is larger than this and packed to less than one in :data:`_TIGHT`."""
_CHUNK = 1024 * 1024
_ENCRYPTED = 0x1
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


class NotAPackageError(ExchangeError):
    """The zip or folder cannot be taken in as a whole."""


@dataclass(frozen=True, slots=True)
class PackageFiles:
    """The CSV files of a package by their name in lower case without the ending, each as its bytes.

    ``names`` are the names as the package spells them; ``warnings`` tell what else was there.
    """

    name: str
    content: Mapping[str, bytes]
    names: Mapping[str, str]
    warnings: tuple[FileWarning, ...] = field(default=())


def is_package(path: Path) -> bool:
    """Whether it is a folder, or a zip that is no workbook."""
    if path.is_dir():
        return True
    if path.suffix.lower() == ".zip":
        return True
    try:
        if not zipfile.is_zipfile(path):
            return False
        with zipfile.ZipFile(path) as archive:
            return not any(name.startswith(("xl/", "word/", "ppt/")) for name in archive.namelist())
    except _DAMAGE:
        return False


def read_files(path: Path, limits: ReadLimits | None = None) -> PackageFiles:
    """All CSV files of the package.

    Raises :class:`NotAPackageError` for a trap, damage, a password, and where no CSV file is inside;
    :class:`UnreadableFileError` where the disk refuses.
    """
    limits = limits or ReadLimits()
    found = _of_folder(path, limits) if path.is_dir() else _of_zip(path, limits)
    if not found.content:
        raise NotAPackageError(
            "empty-package",
            f"“{path.name}” holds no CSV file.",
            "Choose the zip or folder with the files of OneRoster or School Data Sync.",
        )
    return found


def _of_folder(path: Path, limits: ReadLimits) -> PackageFiles:
    try:
        files = _within(path)
        sizes = {each: each.stat().st_size for each in files if each.suffix.lower() == ".csv"}
        _refuse_large(path.name, sizes.values(), limits)
        chosen = _at_one_place({each.relative_to(path).as_posix(): each for each in files})
        content = {name: each.read_bytes() for name, each in chosen.items() if each in sizes}
    except OSError as error:
        raise UnreadableFileError(
            "file-unreadable",
            f"“{path.name}” could not be read: {error.strerror}.",
            "Look whether you may read the files in it.",
        ) from error
    return _files(path.name, content, [each for each in files if each not in sizes])


def _within(path: Path) -> list[Path]:
    """The files in it, or in the one folder in it. Links are not followed: they may lead anywhere."""
    entries = sorted(path.iterdir())
    files = [each for each in entries if each.is_file() and not each.is_symlink() and _is_shown(each.name)]
    folders = [each for each in entries if each.is_dir() and not each.is_symlink() and _is_shown(each.name)]
    if not any(each.suffix.lower() == ".csv" for each in files) and len(folders) == 1:
        return _within(folders[0])
    return files


def _of_zip(path: Path, limits: ReadLimits) -> PackageFiles:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [part for part in archive.infolist() if not part.is_dir() and _is_shown(part.filename)]
            _refuse_traps(path.name, parts, limits)
            chosen = _at_one_place({part.filename: part for part in parts})
            tables = {name: part for name, part in chosen.items() if name.lower().endswith(".csv")}
            content = {name: _unpacked(archive, part) for name, part in tables.items()}
    except PermissionError as error:
        raise UnreadableFileError(
            "file-closed", f"“{path.name}” may not be read.", "Close it in other programs, and try again."
        ) from error
    except FileNotFoundError as error:
        raise UnreadableFileError(
            "file-missing", f"There is no file “{path.name}” there.", "Check its name and folder."
        ) from error
    except _DAMAGE as error:
        raise NotAPackageError(
            "damaged-package",
            f"“{path.name}” is damaged and cannot be unpacked.",
            "Have it exported or sent again.",
        ) from error
    others = [Path(part.filename) for part in parts if part not in tables.values()]
    return _files(path.name, content, others)


def _refuse_traps(name: str, parts: list[zipfile.ZipInfo], limits: ReadLimits) -> None:
    for part in parts:
        place = PurePosixPath(part.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or ":" in "".join(place.parts[:1]):
            raise _trap(name, "names a file outside itself")
        if part.flag_bits & _ENCRYPTED:
            raise NotAPackageError(
                "locked-package", f"“{name}” is locked with a password.", "Unpack it, and choose the folder."
            )
        if part.file_size > _LARGE and part.file_size > _TIGHT * part.compress_size:
            raise _trap(name, "unpacks to far more than a school's lists hold")
    _refuse_large(name, (part.file_size for part in parts), limits)


def _refuse_large(name: str, sizes: Iterable[int], limits: ReadLimits) -> None:
    every = list(sizes)
    if len(every) > _MOST_FILES:
        raise _trap(name, f"holds {len(every):,} files")
    if sum(every) > limits.file_bytes:
        raise _trap(name, f"unpacks to more than {limits.file_bytes:,} bytes")


def _trap(name: str, what: str) -> NotAPackageError:
    return NotAPackageError(
        "trap", f"“{name}” {what}.", "Do not open it; ask who sent it, and have it exported again."
    )


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """Its bytes, of which there are no more than were declared."""
    whole = io.BytesIO()
    with archive.open(part) as stream:
        while piece := stream.read(_CHUNK):
            whole.write(piece)
            if whole.tell() > part.file_size:
                raise zipfile.BadZipFile(part.filename)
    return whole.getvalue()


def _at_one_place(entries: Mapping[str, _Each]) -> dict[str, _Each]:
    """Those of the folder that holds the manifest, or else most of the CSV files, by name."""
    by_folder: dict[str, dict[str, _Each]] = {}
    for name, entry in entries.items():
        place = PurePosixPath(name.replace("\\", "/"))
        by_folder.setdefault(str(place.parent), {})[place.name] = entry
    if not by_folder:
        return {}
    return max(by_folder.values(), key=_likely)


def _likely(files: Mapping[str, object]) -> tuple[bool, int]:
    names = [name.lower() for name in files]
    return "manifest.csv" in names, sum(name.endswith(".csv") for name in names)


def _files(name: str, content: Mapping[str, bytes], others: list[Path]) -> PackageFiles:
    by_stem: dict[str, bytes] = {}
    names: dict[str, str] = {}
    warnings = list(_of_others(others))
    for spelled, data in content.items():
        stem = spelled[: -len(".csv")].lower()
        if stem in by_stem:
            warnings.append(
                FileWarning(
                    "file-twice", f"There are both “{names[stem]}” and “{spelled}”; the first counts."
                )
            )
            continue
        by_stem[stem], names[stem] = data, spelled
    return PackageFiles(name, by_stem, names, tuple(warnings))


def _of_others(others: list[Path]) -> Iterator[FileWarning]:
    if others:
        named = ", ".join(f"“{each.name}”" for each in others[:10])
        yield FileWarning("not-read", f"Not read, as it is no CSV file of the package: {named}.")


def _is_shown(name: str) -> bool:
    """Whether it is no file that a system put beside the others."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return not any(part.startswith(".") or part == "__MACOSX" for part in parts if part not in ("..", "."))
