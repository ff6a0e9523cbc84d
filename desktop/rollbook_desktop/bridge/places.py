"""Where this computer keeps what belongs to the window and the command line."""

from pathlib import Path

from platformdirs import user_data_path


def default_data_folder() -> Path:
    """The folder that `rollbookctl` takes too where none is given."""
    return user_data_path("rollbook")
