"""What targetleak and cleanlab say about a table or about probabilities; run by `messy_audit.py` in their own Python.

python audit_tools.py leaks FOLDER      columns called leaks and how gravely, as JSON
python audit_tools.py labels ARRAYS.npz           flags of cleanlab (confident learning) and its ranking, as JSON
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def find_leaks(folder: str) -> list[dict[str, str]]:
    """For each table of a folder the columns that are called leaks."""
    return [
        _find(str(file), file.with_suffix(".target").read_text())
        for file in sorted(Path(folder).glob("*.csv"))
    ]


def _find(file: str, target: str) -> dict[str, str]:
    import pandas
    import targetleak

    found: dict[str, str] = {}
    for item in targetleak.analyse(pandas.read_csv(file), target):
        if item.column and item.severity in ("critical", "warning") and found.get(item.column) != "critical":
            found[str(item.column)] = item.severity
    return found


def rank_labels(file: str) -> dict[str, list[int]]:
    import numpy
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    held = numpy.load(file)
    labels, shares = held["labels"], held["shares"]
    flags = find_label_issues(labels, shares, filter_by="confident_learning", n_jobs=1)
    ranked = numpy.argsort(
        get_label_quality_scores(labels, shares, method="normalized_margin"), kind="stable"
    )
    return {"flags": numpy.flatnonzero(flags).tolist(), "ranked": ranked.tolist()}


if __name__ == "__main__":
    answer = find_leaks(sys.argv[2]) if sys.argv[1] == "leaks" else rank_labels(sys.argv[2])
    print(json.dumps(answer))
