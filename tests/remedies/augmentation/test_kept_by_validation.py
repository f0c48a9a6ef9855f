"""Changes that may make another thing of an example are kept or dropped by the loss on validation rows alone."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from heldout.evidence import compare_remedies
from heldout.executors.local import Job, LocalExecutor
from heldout.ladder import Schedule
from heldout.records import ByteScales, Fold, InputLayout, JudgeSettings, RemedyUse, Rung, Task
from heldout.remedies import apply_remedies
from heldout.tensors import TensorSource, build_tensors, constant_losses

GALAXIES = Path(__file__).parents[4] / "shared" / "data" / "radio_galaxies" / "galaxy_data.zip"
SEEDS = (0, 1, 2)


def judge_flips(pictures, target, n_fit, *, details, n_epochs):
    """Train without and with each augmentation, and compare as a study does; rows are in random order."""
    rows = np.arange(len(target))
    fold = Fold(rows[:n_fit], rows[n_fit:])
    own = pictures[:n_fit].astype(np.float64)
    scales = ByteScales(
        own.mean(axis=(0, 1, 2), keepdims=True)[:, 0, 0].astype(np.float32),
        own.std(axis=(0, 1, 2), keepdims=True)[:, 0, 0].astype(np.float32),
    )
    source = TensorSource(
        pictures[None],
        target.astype(float),
        Task.MULTICLASS,
        int(target.max()) + 1,
        None,
        False,
        np.full(pictures.shape[-1], -1, np.int32),
        InputLayout("picture", pictures.shape[1:]),
        scales,
    )
    tensors = build_tensors(source, (fold,))
    marks = tuple(sorted({int(mark) for mark in np.geomspace(1, n_epochs, 12)}))
    executor = LocalExecutor(tensors, Schedule(32, -(-n_fit // 32), n_epochs, marks))
    plain = apply_remedies(RUNG, ())
    uses = [RemedyUse("augmentation", strength, detail) for detail, strength in details.items()]
    runs = executor.train(Job("flips", (plain, *(apply_remedies(RUNG, (use,)) for use in uses)), SEEDS))
    constant = constant_losses(source, (fold,))
    judge = JudgeSettings(Task.MULTICLASS, constant, np.arange(len(constant)), 0.02 * float(constant.mean()))
    singles = {
        use.detail: compare_remedies(runs[0], {"augmentation": [run]}, judge)[1]
        for use, run in zip(uses, runs[1:], strict=True)
    }
    return singles, compare_remedies(runs[0], {"augmentation": runs[1:]}, judge)[1]


RUNG = Rung(1, (32,), 9000, 0.003, family="cnn", channels=(8, 16), kernel=3)
N_ROWS, N_FIT, N_EPOCHS = 900, 300, 20  # of both kinds, so that one program serves both


def test_flips_end_up_off_for_digits():
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))[:N_ROWS]
    pictures = (digits.images[order, :, :, None] * 15.9).astype(np.uint8)
    details = {"flip": 0.5, "shift": 0.1}
    singles, chosen = judge_flips(pictures, digits.target[order], N_FIT, details=details, n_epochs=N_EPOCHS)
    assert singles["flip"].outcome == singles["flip"].outcome_at_end == "hurts", singles["flip"].sentence
    assert chosen.detail == "shift", chosen.sentence


def draw_garments(n_rows, rng):
    """Pale shapes with one sleeve, at a height that is their class and on either side: a mirrored one is as good."""
    target = np.r_[
        np.arange(10), rng.integers(0, 4, n_rows - 10)
    ]  # ten classes like the digits, six all but unused
    pictures = rng.normal(90, 20, (n_rows, 8, 8))
    pictures[:, 1:8, 3:5] += 60
    for row, label in enumerate(np.minimum(target, 3)):
        columns = slice(0, 3) if rng.integers(0, 2) else slice(5, 8)
        pictures[row, 2 * label + rng.integers(0, 2), columns] += rng.uniform(20, 60)
    return np.clip(pictures, 0, 255).astype(np.uint8)[..., None], target


def test_flips_end_up_on_for_garments_with_no_handedness():
    pictures, target = draw_garments(N_ROWS, np.random.default_rng(3))
    details = {"flip": 0.5, "shift": 0.1}
    singles, chosen = judge_flips(pictures, target, N_FIT, details=details, n_epochs=N_EPOCHS)
    low, high = singles["flip"].early_stopped[1:]
    assert low < high < 0, singles[
        "flip"
    ].sentence  # better by more than chance; three seeds never say "helps"
    assert chosen.detail == "flip", chosen.sentence


def read_galaxies(side):
    """Pictures of radio galaxies by form, the archive's training part, in random order."""
    pictures, labels = [], []
    with zipfile.ZipFile(GALAXIES) as archive:
        for name in sorted(archive.namelist()):
            if "/train/" in name and name.endswith(".png"):
                picture = Image.open(io.BytesIO(archive.read(name))).convert("L").resize((side, side))
                pictures.append(np.asarray(picture))
                labels.append(name.split("/")[-2])
    order = np.random.default_rng(0).permutation(len(labels))
    return np.stack(pictures)[order, :, :, None], np.unique(labels, return_inverse=True)[1][order]


@pytest.mark.slow
@pytest.mark.skipif(not GALAXIES.exists(), reason="radio galaxies are not there")
def test_flips_and_turns_end_up_on_for_galaxies():
    pictures, target = read_galaxies(16)  # their form is still seen
    details = {"flip": 0.5, "turn": 0.875, "shift": 0.02}
    singles, chosen = judge_flips(pictures, target, 700, details=details, n_epochs=25)
    for name in ("flip", "turn"):
        assert singles[name].outcome != "hurts", singles[name].sentence
        assert singles[name].early_stopped[0] < 0, singles[name].sentence
    assert "flip" in chosen.detail or "turn" in chosen.detail, chosen.sentence
