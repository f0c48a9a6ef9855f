from pathlib import Path

import jsonschema
import numpy as np
import pytest

import heldout
from heldout.adapters import Roles
from heldout.adapters.per_example import LossArchive, write_archive
from heldout.errors import DataError, UsageError
from heldout.evidence.logged_records import LoggedSettings
from heldout.stages.diagnosing import diagnose
from heldout.stages.diagnosis import build_json, read_schema

FIXTURES = Path(__file__).parents[1] / "adapters" / "fixtures"
RISE = {"loss": [0.7, 0.5, 0.3, 0.2], "val_loss": [0.69, 0.4, 0.5, 0.8]}


def make_archive(path, *, rises, sizes=(10,), n_seeds=3, n_rows=400, constant=0.69):
    """Losses around a mean per size and epoch; rows differ, seeds differ little."""
    rng = np.random.default_rng(7)
    means = np.array([[0.6, 0.4, 0.4 + rise] for rise in rises])  # [C, 3]
    rows = rng.exponential(1.0, n_rows)
    noise = rng.normal(0, 0.01, (len(rises), 3, n_seeds, n_rows))
    losses = (means[:, :, None, None] * rows + noise).astype(np.float32)
    archive = LossArchive(
        "x", losses, np.array([1, 5, 9]), np.arange(n_rows), np.full(n_rows, constant),
        tuple(f"size {number}" for number in range(len(sizes))), np.array(sizes),
        np.zeros((0, 0, 0), np.float32), "binary",
    )  # fmt: skip
    return write_archive(path, archive)


def test_history_is_judged():
    found = heldout.diagnose(RISE, n_validation=5000, classes=2)
    assert (found.word, found.code, found.kind, found.format) == ("overfit", "HO131", "curves", "keras")
    assert found.logged.best_epoch == 2
    assert str(found).startswith("Overfit  ")


def test_several_histories_are_seeds():
    seeds = [RISE, *(RISE | {"val_loss": [0.69, 0.4, 0.5, last]} for last in (0.81, 0.82))]
    found = diagnose(seeds, n_validation=5000, classes=2)
    assert found.n_seeds == 3
    assert "3 seeds x 5,000" in found.sentence


def test_list_of_rows_is_one_log():
    rows = [{"epoch": 1, "val_loss": 0.5}, {"epoch": 2, "val_loss": 0.4}]
    assert diagnose(rows, n_validation=100, classes=2).n_seeds == 1


def test_one_record_holds_all_settings():
    settings = LoggedSettings(n_validation=5000, tolerance=0.5, loss="log-loss")
    assert diagnose(RISE, settings=settings).word == "undecided"
    renamed = {"a": RISE["loss"], "b": RISE["val_loss"]}
    assert diagnose(renamed, settings=settings, columns=Roles("a", "b")).delta == 0.5


def test_rows_of_the_log_are_only_suggested():
    found = diagnose(FIXTURES / "huggingface", classes=2)
    assert found.word == "cannot tell"
    assert "--n-validation 40, if that is right" in " ".join(found.rests_on)


def test_composite_losses_cannot_be_told_unless_said(tmp_path):
    text = "".join(f"Epoch {e}\ntrain_loss 0.5\nval_loss {v}\n" for e, v in enumerate([0.9, 0.3, 0.8]))
    (tmp_path / "training_log_1.txt").write_text(text)
    assert diagnose(tmp_path, n_validation=5000).word == "cannot tell"
    settings = LoggedSettings(n_validation=5000, loss="log-loss")
    assert diagnose(tmp_path, settings=settings).word == "overfit"


def test_losses_of_rows_get_the_whole_procedure(tmp_path):
    place = make_archive(tmp_path / "a.npz", rises=[0.3])
    found = diagnose(place)
    assert (found.word, found.kind, found.n_validation) == ("overfit", "losses", 400)
    answers = {item.question: item.answer for item in found.answers}
    assert answers["skill"] == answers["overtrained"] == "yes"
    assert answers["underfit"] == "undecided"
    assert "at 0 fit rows" not in str(found)


def test_losses_of_two_classes_tell_the_decisions_too(tmp_path):
    """A row of loss below ln 2 is answered rightly; of more classes the losses do not tell."""
    (second,) = diagnose(make_archive(tmp_path / "a.npz", rises=[0.3])).second
    assert (second.question, second.answer) == ("accuracy", "yes")
    assert second.sentence.startswith("Accuracy is harmed too")
    many = make_archive(tmp_path / "b.npz", rises=[0.0, 0.3], sizes=(9, 99))
    assert [item.question for item in diagnose(many).second] == ["accuracy", "accuracy"]
    with np.load(many) as parts:
        np.savez(tmp_path / "c.npz", **{**parts, "task": "multiclass"})
    assert diagnose(tmp_path / "c.npz").second == ()


def test_accuracy_is_read_off_log_losses_alone_and_that_is_said(tmp_path):
    place = make_archive(tmp_path / "a.npz", rises=[0.3])
    note = "Accuracy is read off the losses: right where the loss is below ln 2 = 0.693"
    assert note in " ".join(diagnose(place).rests_on)
    other = diagnose(place, settings=LoggedSettings(loss="other"))
    assert other.second == ()
    squared = diagnose(place, settings=LoggedSettings(loss="squared error"))
    assert [item.question for item in squared.second] == ["R2"]
    for found in (other, squared):
        assert note not in " ".join(found.rests_on)
        assert {item.code: item.state for item in found.gates}["HO310"] == "not applicable"


def test_a_configuration_without_a_number_of_weights_is_named(tmp_path):
    (second,) = diagnose(make_archive(tmp_path / "a.npz", rises=[0.3], sizes=(0,))).second
    assert "at configuration 'size 0', last epoch against the best one: it changes by -" in second.sentence
    assert "0 weights" not in second.sentence


def test_flat_losses_of_rows_are_not_overfit(tmp_path):
    found = diagnose(make_archive(tmp_path / "a.npz", rises=[0.0]))
    answers = {item.question: item.answer for item in found.answers}
    assert (found.word, answers["overtrained"]) == ("undecided", "no")  # one larger network would decide


def test_several_sizes_answer_all_five_questions(tmp_path):
    found = diagnose(make_archive(tmp_path / "a.npz", rises=[0.0, 0.0, 0.3], sizes=(10, 100, 1000)))
    assert found.ladder.word == "overfits from"
    assert found.ladder.rung == 2
    assert [item.question for item in found.answers] == [
        "skill", "overtrained", "too big", "underfit", "memorising"
    ]  # fmt: skip
    assert found.word == "good fit"
    assert "Overfits from 1,000 weights" in found.sentence


def test_files_of_recorders_are_seeds():
    found = diagnose([FIXTURES / "recorded" / f"lightning_{seed}.npz" for seed in (0, 1)])
    assert (found.n_seeds, found.n_validation) == (2, 40)
    assert "Archives of one name" in " ".join(found.rests_on)


def test_archive_without_constant(tmp_path):
    np.savez(tmp_path / "a.npz", losses=np.random.default_rng(0).random((3, 2, 50)), epochs=[1, 2, 3])
    with pytest.raises(DataError, match="the loss of the constant prediction is unknown"):
        diagnose(tmp_path / "a.npz")
    found = diagnose(tmp_path / "a.npz", classes=2)
    assert "taken to lose 0.6931 on every row" in " ".join(found.rests_on)


def test_archive_knows_its_rows_and_needs_sizes(tmp_path):
    place = make_archive(tmp_path / "a.npz", rises=[0.3])
    with pytest.raises(DataError, match="losses of 400 rows, but --n-validation says 500"):
        diagnose(place, n_validation=500)
    make_archive(tmp_path / "b.npz", rises=[0.1, 0.3], sizes=(0, 0))
    with pytest.raises(DataError, match="2 configurations without 'n_parameters'"):
        diagnose(tmp_path / "b.npz")


def test_rows_and_curves_do_not_mix(tmp_path):
    place = make_archive(tmp_path / "a.npz", rises=[0.3])
    with pytest.raises(DataError, match="holds losses of single rows, other sources hold curves"):
        diagnose([place, RISE])


def test_settings_are_refused_before_anything_is_read():
    with pytest.raises(UsageError, match="the number of validation rows is -1"):
        diagnose("no-such-file.csv", n_validation=-1)


@pytest.mark.parametrize("kind", ["curves", "curves without verdict", "losses", "ladder"])
def test_object_fits_the_published_schema(tmp_path, kind):
    found = {
        "curves": lambda: diagnose(RISE, n_validation=5000, classes=2),
        "curves without verdict": lambda: diagnose(RISE),
        "losses": lambda: diagnose(make_archive(tmp_path / "a.npz", rises=[0.3])),
        "ladder": lambda: diagnose(make_archive(tmp_path / "b.npz", rises=[0.0, 0.3], sizes=(9, 99))),
    }[kind]()
    jsonschema.validate(build_json(found), read_schema())


def write_losses(path, *, validation, train, task="binary", names=("network 1",)):
    """Two epochs of falling losses at 0-based epochs, with training losses beside."""
    rng = np.random.default_rng(3)
    levels = np.array([validation + 0.05, validation])[None, :, None, None]
    losses = levels * rng.gamma(4.0, 0.25, (1, 1, 1, 400)) + rng.normal(0, 0.001, (1, 2, 3, 400))
    np.savez(
        path, losses=losses.astype(np.float32), epochs=[0, 5], constant_loss=0.69, task=task, names=list(names),
        train_losses=np.tile([train + 0.05, train], (1, 3, 1)),
    )  # fmt: skip
    return path


def test_validation_much_better_than_training_is_a_fault(tmp_path):
    found = diagnose(write_losses(tmp_path / "a.npz", validation=0.2, train=1.5))
    assert (found.word, found.code) == ("data or bug", "HO119")
    assert "[HO309]" in found.sentence
    assert "Without that it would be: undecided." in found.sentence
    assert "in evaluation mode, without penalty" in " ".join(found.rests_on)
    told = " ".join(str(found).split())
    assert "HO309 fired: Validation rows are easier than the fit rows" in told
    assert "Not asked, for want of what they need: HO301, HO302" in told
    states = {item["code"]: item["state"] for item in build_json(found)["gates"]}
    assert (len(states), states["HO309"], states["HO308"]) == (11, "fired", "not applicable")
    jsonschema.validate(build_json(found), read_schema())


def test_equal_losses_and_unknown_training_losses_pass(tmp_path):
    found = diagnose(write_losses(tmp_path / "a.npz", validation=0.4, train=0.4))
    assert found.word != "data or bug"
    assert {item.code: item.state for item in found.gates}["HO309"] == "passed"
    unknown = diagnose(make_archive(tmp_path / "b.npz", rises=[0.3]))
    assert {item.code: item.state for item in unknown.gates}["HO309"] == "not applicable"


def test_squashed_twice_shows_in_losses_of_rows(tmp_path):
    """No probability above 0.731, nearly every answer right."""
    losses = np.full((2, 3, 400), 0.35, np.float32) + np.linspace(0, 0.1, 400, dtype=np.float32)
    np.savez(tmp_path / "a.npz", losses=losses, epochs=[1, 2], constant_loss=0.69, task="binary")
    found = diagnose(tmp_path / "a.npz")
    assert found.word == "data or bug"
    assert "[HO310]" in found.sentence


def test_one_archive_given_twice_is_one_training(tmp_path):
    place = write_losses(tmp_path / "a.npz", validation=0.4, train=0.4)
    with pytest.raises(DataError, match="hold the same losses: one training, not two seeds"):
        diagnose([place, place])


def test_curves_far_below_the_training_loss_are_told():
    found = diagnose({"loss": [1.6, 1.5], "val_loss": [0.3, 0.2]}, n_validation=2000, classes=2)
    assert "look for copies, for a leak and for another mix of rows" in " ".join(found.rests_on)


def test_assumptions_of_logs_stand_in_the_object():
    found = diagnose(RISE | {"val_loss": [0.2, 0.4, 0.5, 0.8]}, n_validation=5000, classes=2)
    assert "taken to be a loss, as the training loss falls" in " ".join(build_json(found)["rests_on"])
    with pytest.raises(DataError, match="a loss, or a score such as accuracy"):
        diagnose({"val_loss": [0.5, 0.8, 0.9, 0.998]}, n_validation=5000, classes=2)
    settings = LoggedSettings(n_validation=5000, n_classes=2, loss="log-loss")
    assert diagnose({"val_loss": [0.5, 0.8, 0.9, 0.998]}, settings=settings).word == "overfit"
