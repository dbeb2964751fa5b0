"""A small file that is either the old one or the new one, whatever happens in between."""

import os
from pathlib import Path


def draft_of(path: Path) -> Path:
    """Return where the new file lies until it is whole."""
    return path.with_name(f"{path.name}.new")


def replace(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file, on disk before that; raises OSError."""
    draft = draft_of(path)
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
