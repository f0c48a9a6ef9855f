"""What the rule of sk-autod says about pairs of curves; run by `curve_peers.py` in its own Python.

python curve_rules.py CURVES.json     [[train, validation], ...] -> {"version": ..., "overfitting": [true, ...]} as JSON

skore is not asked: it judges the scores of one fitted estimator on its train and test rows, and has no rule for curves.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path


def find_overfitting(train: list[float], validation: list[float]) -> bool:
    """Whether the detector of overfitting is among the findings, all detectors as they are shipped."""
    import sk_autod

    report = sk_autod.diagnose(train, validation)
    return any(finding.detector_name == "Classic overfitting" for finding in report.findings)


def main() -> None:
    curves = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    called = [find_overfitting(train, validation) for train, validation in curves]
    print(json.dumps({"version": version("sk-autod"), "overfitting": called}))


if __name__ == "__main__":
    main()
