"""A synthetic table of patients as wards keep them: one quantity written in many ways, patients seen several times."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from heldout.records import DoubleArray

VISITS = 3
FIRST_DAY = date(2021, 1, 4)
NUMBER_LOST = "-999"  # how this ward writes a number that was not taken
WARDS = ("Surgery", "Cardiology", "Neurology")
HEADER = ("patient", "visit", "sex/age", "height", "weight", "crp", "glucose", "ward", "smoker", "readmitted")
KG_PER_POUND, CM_PER_INCH = 0.45359237, 2.54
OWN_RISK = 1.0  # spread of what makes a patient ill and stands in no column, in spreads of what does
DETECTION_LIMIT = 0.5  # of the laboratory's CRP, mg/l


@dataclass(frozen=True)
class Person:
    """One synthetic patient.

    Args:
        code: "P001".
        sex: "F" or "M".
        age: years.
        height: cm.
        weight: kg, the usual one.
        crp: mg/l, the usual one.
        glucose: mg/dl, the usual one.
        ward: one of three.
        smokes: whether.
        is_ill: whether readmitted; the same at every visit.
    """

    code: str
    sex: str
    age: int
    height: float
    weight: float
    crp: float
    glucose: float
    ward: str
    smokes: bool
    is_ill: bool


def write_patients(path: Path, *, n_patients: int, seed: int, has_two_orders: bool = False) -> None:
    """Write the table as CSV: every patient at three visits, one line each.

    Args:
        path: file to write.
        n_patients: 1 or more.
        seed: of all that is drawn.
        has_two_orders: True writes every second date with slashes month first, as when two wards are merged.

    Example:
        >>> import tempfile
        >>> place = Path(tempfile.mkdtemp()) / "patients.csv"
        >>> write_patients(place, n_patients=2, seed=0)
        >>> len(place.read_text().splitlines())
        7
    """
    rng = np.random.default_rng(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for person in _draw_people(n_patients, rng):
            for visit in range(VISITS):
                writer.writerow(_write_visit(person, visit, rng, has_two_orders=has_two_orders))


def _draw_people(n_patients: int, rng: np.random.Generator) -> list[Person]:
    age = rng.integers(25, 90, n_patients)
    is_female = rng.random(n_patients) < 0.5
    height = rng.normal(np.where(is_female, 165, 178), 7)
    weight = rng.normal(24.5, 4, n_patients) * (height / 100) ** 2
    crp, glucose = rng.lognormal(0.6, 1.1, n_patients), rng.normal(105, 22, n_patients)
    known = _standardize(age.astype(np.float64)) + _standardize(np.log(crp)) + 0.5 * _standardize(glucose)
    risk = _standardize(known) + OWN_RISK * rng.normal(size=n_patients)
    return [
        Person(
            code=f"P{row + 1:03d}",
            sex="F" if is_female[row] else "M",
            age=int(age[row]),
            height=float(height[row]),
            weight=float(max(weight[row], 42.0)),
            crp=float(crp[row]),
            glucose=float(max(glucose[row], 55.0)),
            ward=str(rng.choice(WARDS)),
            smokes=bool(rng.random() < 0.3),
            is_ill=bool(risk[row] > 0),
        )
        for row in range(n_patients)
    ]


def _standardize(values: DoubleArray) -> DoubleArray:
    return (values - values.mean()) / max(float(values.std()), 1e-9)


def _write_visit(person: Person, visit: int, rng: np.random.Generator, *, has_two_orders: bool) -> list[str]:
    day = FIRST_DAY + timedelta(days=int(rng.integers(0, 400)) + 90 * visit)
    crp = person.crp * float(rng.lognormal(0, 0.12))
    glucose = person.glucose + float(rng.normal(0, 4))
    ward = (person.ward, person.ward.upper(), f" {person.ward.lower()} ")[int(rng.integers(0, 6)) // 2 % 3]
    return [
        person.code,
        _write_day(day, rng, has_two_orders=has_two_orders),
        f"{person.sex}/{person.age}",
        _write_height(person.height, rng),
        _write_weight(person.weight + float(rng.normal(0, 0.8)), rng),
        f"<{DETECTION_LIMIT}" if crp < DETECTION_LIMIT else f"{crp:.1f}",
        NUMBER_LOST if rng.random() < 0.06 else f"{glucose:.0f}",
        ward if rng.random() > 0.03 else "?",
        ("yes" if person.smokes else "no") if rng.random() > 0.05 else "n/a",
        "yes" if person.is_ill else "no",
    ]


def _write_day(day: date, rng: np.random.Generator, *, has_two_orders: bool) -> str:
    forms = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"]
    form = forms[int(rng.integers(0, 3))]
    if has_two_orders and form == "%d/%m/%Y" and rng.random() < 0.5:
        form = "%m/%d/%Y"
    return day.strftime(form)


def _write_height(height: float, rng: np.random.Generator) -> str:
    draw = rng.random()
    if draw < 0.15:
        feet, inches = divmod(round(height / CM_PER_INCH), 12)
        return f"{feet}'{inches}\""
    return f"{height / 100:.2f} m" if draw < 0.3 else f"{height:.0f} cm"


def _write_weight(weight: float, rng: np.random.Generator) -> str:
    draw = rng.random()
    if draw < 0.1:
        return f"ca. {round(weight / 5) * 5} kg"
    return f"{weight / KG_PER_POUND:.0f} lb" if draw < 0.25 else f"{weight:.1f} kg"
