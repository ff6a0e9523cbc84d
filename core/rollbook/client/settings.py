"""All settings of the client: a file in the data folder, then ``ROLLBOOK_…`` in the environment."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rollbook.resilience.settings import ResilienceSettings, SettingError, read_settings
from rollbook.sync.settings import SyncSettings

FILE = "settings.toml"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What the client was told. ``keyring`` 0 keeps tokens in a file that only the owner reads."""

    resilience: ResilienceSettings
    sync: SyncSettings
    keyring: bool = True


def load_settings(data: Path, environment: Mapping[str, str] = os.environ) -> ClientSettings:
    """Read them. Raises :class:`SettingError` that names the setting."""
    values = _file(data / FILE)
    return ClientSettings(
        resilience=read_settings(ResilienceSettings, values, environment),
        sync=read_settings(SyncSettings, values, environment),
        keyring=environment.get("ROLLBOOK_KEYRING", "1") != "0",
    )


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingError(f"The settings file {path} cannot be read: {error}") from error
