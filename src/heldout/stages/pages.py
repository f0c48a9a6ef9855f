"""Where pages are written: never over a file that is none."""

from __future__ import annotations

from pathlib import Path

from heldout.errors import StudyError


def write_page(place: Path, page: str) -> Path:
    """Write an HTML page as a whole file.

    Args:
        place: the file; its folder must exist.
        page: the text of the page.

    Returns:
        The path.

    Raises:
        StudyError: another file stands there, or it cannot be written.
    """
    from heldout.bundle import write_file

    if place.is_file() and not place.read_bytes()[:1000].lstrip().lower().startswith(b"<!doctype html"):
        raise StudyError(f"{str(place)!r} is there and is no report", hint="give --out another name")
    return write_file(place, page.encode("utf-8"))
