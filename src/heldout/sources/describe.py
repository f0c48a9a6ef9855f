"""Columns of examples that are no features, and the one that is the label."""

from __future__ import annotations

from heldout.records import Kind, Table
from heldout.sources.album_tables import PATHS_UNIT

# Columns that the readers of examples make beside the examples themselves, and what they are.
_ABOUT_FILES = {"file": "the name of the file"}
_ABOUT_RECORDS = {
    "id": "the id of the record",
    "description": "the header of the record",
    "accession": "the accession of the record",
}
_ABOUT = {"header/": "from the header of the file or record", "folder/": "the folder a file lies in"}
# Made of the header of each picture, for whom and where a network fails.
_STORED = ("picture/height", "picture/width", "picture/format", "picture/camera")
_CONTENTS = ("text", "sequence", "quality")


def describe_columns(table: Table) -> dict[str, str]:
    """Columns that say where an example comes from, each with what it is: never features unless the user says so.

    A header may name the class, the telescope or the laboratory, and new examples may lack it.

    Args:
        table: any table; one of cells has no such columns, but for the paths of its pictures.

    Example:
        >>> import numpy as np
        >>> from heldout.sources.columns import encode_cells
        >>> table = Table((encode_cells("file", ["a"]), encode_cells("header/FILTER", ["r"])), np.array([1]), "sky")
        >>> describe_columns(table)
        {'file': 'the name of the file', 'header/FILTER': 'from the header of the file or record'}
    """
    names = [column.name for column in table.columns]
    units = (PATHS_UNIT.fullmatch(array.policy.unit) for array in table.arrays)
    found = {unit["column"]: "the paths of the pictures" for unit in units if unit}
    is_files = names[:1] == ["file"]
    is_records = "sequence" in names and names[:1] == ["id"]
    known = {**(_ABOUT_FILES if is_files else {}), **(_ABOUT_RECORDS if is_records else {})}
    if any(array.kind is Kind.PICTURE for array in table.arrays):
        found |= {name: "how the picture was stored" for name in names if name in _STORED}
    for name in names:
        if name in known:
            found[name] = known[name]
        elif is_files or is_records:
            start = next((start for start in _ABOUT if name.startswith(start)), "")
            found |= {name: _ABOUT[start]} if start else {}
    return found


def name_rows(table: Table) -> tuple[str, tuple[str, ...]]:
    """The column that names examples and its text for each row: their files or ids; nothing for tables of cells.

    A reader of predictions knows a picture by its file, and not by its place among the files.

    Args:
        table: any table.

    Example:
        >>> import numpy as np
        >>> from heldout.sources.columns import encode_cells
        >>> name_rows(Table((encode_cells("file", ["b.png", "a.png"]),), np.array([1, 2]), "photos"))
        ('file', ('b.png', 'a.png'))
    """
    column = next((item for item in table.columns if item.name in ("file", "id")), None)
    if column is None or column.name not in describe_columns(table):
        return "", ()
    return column.name, tuple(column.levels[code] if code >= 0 else "" for code in column.codes)


def find_label(table: Table) -> str:
    """The one column of examples that can only be their label; "" for tables of cells, or when there is none.

    It is the column `label`, or the only column beside what the readers make.

    Args:
        table: any table.

    Example:
        >>> import numpy as np
        >>> from heldout.sources.columns import encode_cells
        >>> find_label(Table((encode_cells("file", ["a"]), encode_cells("kind", ["x"])), np.array([1]), "photos"))
        'kind'
    """
    names = [column.name for column in table.columns]
    about = describe_columns(table)
    if not about and not table.arrays and set(names) != {"text", "label"}:
        return ""
    if "label" in names:
        return "label"
    rest = [name for name in names if name not in about and name not in _CONTENTS]
    return rest[0] if len(rest) == 1 else ""
