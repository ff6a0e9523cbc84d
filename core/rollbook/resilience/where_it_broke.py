"""What a log may tell of an exception (R18)."""

import traceback
from pathlib import Path
from typing import Any

_FRAMES = 12


def where_it_broke(error: BaseException) -> dict[str, Any]:
    """The type of ``error`` and the frames that it came through.

    Never its message: messages of databases and of conversions repeat the values, which are people's.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "error_type": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": [f"{Path(frame.filename).name}:{frame.lineno}:{frame.name}" for frame in frames],
        "cause": type(error.__cause__).__qualname__ if error.__cause__ is not None else None,
    }
