"""Kinds of columns of real tables through the path that users get, against what the descriptions of the data say.

    python bench/real_kinds.py

SortingHat gives statistics and five samples of a column, never its cells; so the whole path (`declare_columns`) can
only be measured on whole tables. What each column is was written down from the descriptions of the data. Two values are
yes/no or a category alike, and what has one value may be called constant; where the reading asks, it counts as asked.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from shared import DATA, describe_machine

from heldout.cells import declare_columns
from heldout.records import ColumnSpec, Kind
from heldout.sources import read_table

HEART = "painType restCardioResults slope thal sex bloodSugar ExerciseInductedAngina"
DRUGS = (
    "metformin repaglinide nateglinide chlorpropamide glimepiride acetohexamide glipizide glyburide tolbutamide "
    "pioglitazone rosiglitazone acarbose miglitol troglitazone tolazamide examide citoglipton insulin change "
    "diabetesMed glyburide-metformin glipizide-metformin glimepiride-pioglitazone metformin-rosiglitazone "
    "metformin-pioglitazone"
)
# (file, header, target): what is no number; the target is left out, all other columns are numbers
TRUTH: dict[tuple[str, str, str], dict[str, str]] = {
    ("heart_disease_uci/processed.cleveland.data", "", "heartDisDiagnosis"): {"category": HEART},
    ("heart_disease_uci/processed.hungarian.data", "", "heartDisDiagnosis"): {"category": HEART},
    ("heart_disease_uci/processed.switzerland.data", "", "heartDisDiagnosis"): {"category": HEART},
    ("diabetes130/diabetic_data.csv.gz", "", "readmitted"): {
        "identifier": "encounter_id patient_nbr",
        "category": "race gender age weight admission_type_id discharge_disposition_id admission_source_id payer_code "
        f"medical_specialty diag_1 diag_2 diag_3 max_glu_serum A1Cresult {DRUGS}",
    },
    ("employee_salaries/employee_salaries.csv.gz", "", "current_annual_salary"): {
        "date": "date_first_hired",
        "category": "gender department department_name division assignment_category employee_position_title",
    },
    ("titanic/titanic.csv", "", "survived"): {
        "category": "pclass sex embarked class who adult_male deck embark_town alive alone"
    },
    ("titanic/titanic_openML.csv", "", "survived"): {
        "identifier": "name",
        "category": "pclass sex ticket cabin embarked boat home.dest",
    },
    ("titanic/titanic_train_kaggle.csv", "", "Survived"): {
        "identifier": "PassengerId Name",
        "category": "Pclass Sex Ticket Cabin Embarked",
    },
    ("pima/pima-indians-diabetes.csv", "no", "column_9"): {},
    ("breast_cancer_wisconsin/breast-cancer-wisconsin.data", "no", "column_11"): {"identifier": "column_1"},
    ("bike_sharing/bike_sharing.csv.gz", "", "cnt"): {
        "date": "date",
        "identifier": "instant",
        "category": "holiday weathersit",
    },
    ("adult/adult-train.csv.gz", "no", "column_15"): {
        "category": "column_2 column_4 column_6 column_7 column_8 column_9 column_10 column_14"
    },
    ("abalone/abalone.csv", "", "column_9"): {"category": "column_1"},
    ("california_housing/california_housing.csv.gz", "", "MedHouseVal"): {},
    ("beijing_pollution/pollution.csv.gz", "", "pm2.5"): {"identifier": "No", "category": "cbwd"},
    ("parkinsons/parkinsons.csv", "", "status"): {"identifier": "name"},
    ("sdss_star_galaxy_qso/sdss_skyserver.csv.gz", "", "class"): {
        "identifier": "objid specobjid",
        "category": "run rerun camcol field plate fiberid",
    },
}


def judge_column(spec: ColumnSpec, truth: str) -> str:
    """Give "right", "asked" or "wrong"."""
    named = "category" if spec.kind is Kind.YES_NO else spec.kind.value
    if named == truth or spec.kind is Kind.CONSTANT:
        return "right"
    return "asked" if spec.question else "wrong"


def main() -> None:
    """Read every table that is there, and count."""
    counts: Counter[str] = Counter()
    misses = []
    for (name, header, target), kinds in TRUTH.items():
        if not (DATA / name).is_file():
            print(f"{name} is not there")
            continue
        table = read_table(DATA / name, header=header or "auto")
        truth = {column: kind for kind, columns in kinds.items() for column in columns.split()}
        specs = declare_columns(table, rows=np.arange(len(table.lines)), unused={target: "the target"})
        for spec in specs:
            if spec.name == target or spec.source not in ("", spec.name):
                continue
            word = judge_column(spec, truth.get(spec.name, "number"))
            counts[word] += 1
            if word != "right":
                wanted = truth.get(spec.name, "number")
                misses.append(f"{name}, {spec.name}: {word}, read as {spec.kind.value}, is {wanted}")
    total = sum(counts.values())
    print(
        f"{describe_machine()}\n\n{total} columns: "
        + ", ".join(f"{word} {n}" for word, n in counts.most_common())
    )
    print(*misses, sep="\n  ")


if __name__ == "__main__":
    main()
