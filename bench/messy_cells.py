"""Planted cell defects: is each column read as what it is, and each cell right? Beside pandas, polars and skrub.

    python bench/messy_cells.py [--seeds 20] [--others] [--only WORD]

A column counts as right when its kind (and that of its parts) is right and every cell has its true value, or when
the question that had to be asked is asked. Clean twins count as right when nothing is asked and no cell is changed.
"""

from __future__ import annotations

import argparse
import io
import math
import time

import numpy as np
from planted import DEFECTS, TWINS, Planted, Value, plant
from shared import describe_machine, print_table

from heldout.cells import declare_columns, type_table
from heldout.errors import DataError
from heldout.records import ColumnSpec, Status, Table, TypedColumn
from heldout.settings import ColumnSettings
from heldout.sources.columns import encode_cells

HEADERS = [
    "alpha",
    "value",
    "finding",
    "V7",
    "result",
    "obs",
    "item",
    "measure",
    "col_3",
    "Wert",
    "feature x",
]
RATES = (0.01, 0.02, 0.05, 0.1, 0.2)


def judge(planted: Planted, header: str) -> str:
    """Nothing when a column is read right, else what is wrong."""
    name = planted.name or header
    table = Table((encode_cells(name, planted.cells),), np.arange(2, len(planted.cells) + 2), "planted")
    overrides = {name: ColumnSettings.model_validate(planted.options)} if planted.options else {}
    try:
        specs = declare_columns(table, rows=np.arange(len(planted.cells)), overrides=overrides)
    except DataError as error:
        return "" if planted.refused else f"refused: {error.message}"
    if planted.refused:
        return f"not refused: {specs[-1].why}"
    asked = [spec.question for spec in specs if spec.question]
    if bool(asked) != planted.asks:
        return f"asked: {asked}" if asked else "nothing asked"
    columns = type_table(table, specs)
    parts = list(zip(specs, columns, strict=True))
    for number, (part, kind) in enumerate(planted.kind.items()):
        wrong = _judge_part(_find_part(parts, part, number), kind, planted.truth[part])
        if wrong:
            return f"{part or 'column'}: {wrong}"
    return ""


def _find_part(
    parts: list[tuple[ColumnSpec, TypedColumn]], part: str, number: int
) -> tuple[ColumnSpec, TypedColumn] | None:
    if not part:
        return parts[0]
    if part.isdigit():
        return parts[1 + number] if len(parts) > 1 + number else None
    return next((one for one in parts if one[0].part == part), None)


def _judge_part(found: tuple[ColumnSpec, TypedColumn] | None, kind: str, truth: list[Value]) -> str:
    if found is None:
        return "no such part"
    spec, column = found
    if spec.kind.value != kind:
        return f"read as {spec.kind.value}: {spec.why[:140]}"
    for row, value in enumerate(truth):
        got = _take_value(column, row)
        if not _is_same(got, value):
            return f"row {row}: {got!r} ({Status(column.status[row]).name}), true {value!r}"
    return ""


def _take_value(column: TypedColumn, row: int) -> Value:
    if len(column.values):
        value = float(column.values[row])
        return None if math.isnan(value) else value
    code = int(column.codes[row])
    return None if code < 0 else column.levels[code]


def _is_same(got: Value, value: Value) -> bool:
    if isinstance(got, float) and isinstance(value, float):
        return math.isclose(got, value, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(got, str) and isinstance(value, str):
        return sorted(got.casefold().split("; ")) == sorted(value.casefold().split("; ")) and (
            ";" in value or got.casefold() == value.casefold()
        )
    return got is None and value is None


def judge_other(tool: str, planted: Planted) -> bool:
    """True when another tool gives a numeric, date or text column with every value right."""
    text = io.StringIO(
        "x\n" + "\n".join('"' + cell.replace('"', '""') + '"' for cell in planted.cells) + "\n"
    )
    if planted.refused or "" not in planted.kind:
        return False
    truth = planted.truth[""]
    if tool == "polars":
        import polars

        try:
            frame = polars.read_csv(text.getvalue().encode(), try_parse_dates=True, infer_schema_length=None)
        except polars.exceptions.PolarsError:
            return False
        column = frame["x"].to_list()
    else:
        import pandas

        frame = pandas.read_csv(text, skip_blank_lines=False)
        if tool == "skrub":
            import skrub

            frame = skrub.Cleaner().fit_transform(frame)
        column = frame[frame.columns[0]].tolist() if len(frame.columns) else []
    return len(column) == len(truth) and all(map(_agrees, column, truth))


def _agrees(got: object, value: Value) -> bool:
    if value is None:
        return got is None or got != got
    if isinstance(value, float):
        if hasattr(got, "toordinal"):
            return got.toordinal() - 719_163 == value  # type: ignore[attr-defined]
        return isinstance(got, int | float) and math.isclose(float(got), value, rel_tol=1e-9, abs_tol=1e-9)
    return isinstance(got, str) and got == value


def main() -> None:
    """Plant, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--others", nargs="*", default=[], help="pandas polars skrub, as installed")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    start = time.process_time()
    rows, misses = [], []
    for kind, makers in (("defect", DEFECTS), ("twin", TWINS)):
        for defect in makers:
            if given.only not in defect:
                continue
            right, others = 0, dict.fromkeys(given.others, 0)
            for seed in range(given.seeds):
                planted = plant(kind, defect, RATES[seed % len(RATES)], seed)
                wrong = judge(planted, HEADERS[seed % len(HEADERS)])
                right += not wrong
                misses += [f"{defect}, seed {seed}: {wrong}"] if wrong else []
                for tool in given.others:
                    others[tool] += judge_other(tool, planted)
            rows.append([defect, f"{right}/{given.seeds}", *(f"{n}/{given.seeds}" for n in others.values())])
    print(
        f"{describe_machine()}; {given.seeds} seeds, {time.process_time() - start:.1f} s of processor time\n"
    )
    print_table(["defect", "heldout", *given.others], rows)
    print("\nMisses:", *(misses or ["none"]), sep="\n  ")


if __name__ == "__main__":
    main()
