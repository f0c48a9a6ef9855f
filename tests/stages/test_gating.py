from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from evidence.made_runs import draw_losses, make_run
from heldout.ranks import find_auc
from heldout.records import Answer, ChosenVerdict
from heldout.stages.gating import (
    FEW_ROWS,
    Gated,
    check_gates,
    find_copied,
    find_mix,
    pick_distinct,
    repeat_rows,
)
from heldout.stages.judging import make_judge
from heldout.stages.parting import score_out_of_fold
from heldout.stages.preparing import encode_alike, make_tensors, thin_folds
from heldout.stages.training import Trained
from stages.made_data import declare_parts, make_frame, prepare_frame

VERDICT = ChosenVerdict(
    "undecided",
    "HO117",
    "",
    (
        Answer("skill", "yes", 0.1, 0.05, 0.2, 0.0),
        Answer("memorising", "no", float("nan"), float("nan"), float("nan"), 0.02),
    ),
)
CODES = [f"HO3{number:02}" for number in range(1, 12)]


class FakeExecutor:
    """Trains nothing: the training loss falls to the level that belongs to its learning rate."""

    def __init__(self, levels):
        self.levels, self.rates = levels, []
        self.schedule = SimpleNamespace(n_epochs=3)

    def run_entries(self, entries):
        ((configuration, spec),) = entries
        self.rates.append(spec.hyper.learning_rate)
        level = self.levels[min(len(self.rates), len(self.levels)) - 1]
        curves = np.zeros((1, 3, 2), np.float32)
        curves[0, :, 0] = (0.7, 0.7, level)
        yield configuration, SimpleNamespace(curves=curves)


class FakeCrew:
    def __init__(self, tensors, levels=(0.001,)):
        self.tensors, self.seeds, self.made = tensors, (0,), []
        self.executor = FakeExecutor(levels)

    def make_variant(self, tensors, *, kept=False):
        self.made.append(tensors)
        return self.executor


def prepare_case(frame=None, *, levels=(0.001,), **settings):
    frame = make_frame(200).drop("price") if frame is None else frame
    reading, prepared, findings, chosen = prepare_frame(frame, **settings)
    folds = thin_folds(prepared)
    tensors = make_tensors(prepared, folds)
    judge = make_judge(prepared, tensors, folds)
    rng = np.random.default_rng(0)
    n_rows = len(judge.unit)
    runs = tuple(
        make_run(
            draw_losses(rng, [0.6, 0.5], n_rows=n_rows),
            index=index,
            size=10 ** (index + 1),
            train=np.full((5, 2), 0.5),
            hits=rng.random((2, 5, n_rows)) < 0.75,
        )
        for index in range(3)
    )
    data = Gated(reading, prepared, folds, findings, chosen)
    return FakeCrew(tensors, levels), Trained(runs, {}, (), runs[0].configuration.rung), data, judge


def ask(case, verdict=VERDICT):
    crew, trained, data, judge = case
    gates = check_gates(crew, trained, "rung 1", data=data, judge=judge, verdict=verdict)
    assert [gate.code for gate in gates] == CODES
    return {gate.code: gate for gate in gates}


def test_every_gate_is_asked_in_order_and_clean_data_pass():
    gates = ask(prepare_case())
    assert all(gate.state != "fired" for gate in gates.values())
    assert gates["HO302"].state == gates["HO304"].state == "not applicable"
    assert gates["HO301"].state == gates["HO307"].state == "passed"


def make_declared(n_rows=200, validation=60, test=40):
    part = declare_parts(n_rows, validation=validation, test=test)
    return make_frame(n_rows, part=part).drop("price"), np.array(part) == "validation"


def repeat_in_frame(frame, taken, given):
    import polars as pl

    rows = np.arange(len(frame))
    rows[taken] = given
    return frame[rows.tolist()].with_columns(pl.Series("part", frame["part"]))


def test_copies_across_declared_parts_are_found_row_by_row():
    frame, is_validation = make_declared()
    taken = np.flatnonzero(is_validation)[:25]
    case = prepare_case(repeat_in_frame(frame, taken, np.arange(25)), split="part")
    copied = find_copied(case[2])
    assert copied.sum() == 25
    assert copied[:25].all()  # the validation rows come in their order
    gate = ask(case)["HO301"]
    assert (gate.state, gate.overrides) == ("fired", True)


def write_notes(n_rows=200, *, copies=0):
    """Texts of 20 words of their own; the first validation rows repeat fit rows but for one word."""
    import polars as pl

    rng = np.random.default_rng(5)
    part = np.array(declare_parts(n_rows, validation=60, test=40))
    words = np.array([f"word{number}" for number in range(900)])
    texts = [" ".join(rng.choice(words, 20)) for _ in range(n_rows)]
    fit, held = np.flatnonzero(part == "train"), np.flatnonzero(part == "validation")
    for one, other in zip(fit[:copies], held[:copies], strict=True):
        texts[other] = texts[one] + " indeed"
    return pl.DataFrame({"text": texts, "ill": rng.choice(["yes", "no"], n_rows), "part": part})


def test_near_copies_of_texts_across_declared_parts_override_and_none_without_them():
    chosen = {"target": "ill", "split": "part", "columns": {"text": {"kind": "text"}}}
    case = prepare_case(write_notes(copies=25), **chosen)
    links = case[2].reading.links
    assert links.duplicate_rows == 0
    copied = find_copied(case[2])
    assert copied.sum() == 25
    assert copied[:25].all()
    gate = ask(case)["HO301"]
    assert (gate.state, gate.overrides) == ("fired", True)
    assert "25 of 60 validation rows have a copy or near copy" in gate.sentence
    # a family that is too large to be kept together: the pairs alone count
    apart = tuple(replace(near, is_joined=False) for near in links.near)
    reading = replace(case[2].reading, links=replace(links, near=apart))
    assert (find_copied(replace(case[2], reading=reading)) == copied).all()
    clean = prepare_case(write_notes(), **chosen)
    assert not find_copied(clean[2]).any()
    assert ask(clean)["HO301"].state == "passed"


def test_sequences_and_near_rows_that_are_alike_count_as_copies():
    case = prepare_case(make_declared()[0], split="part")
    rows = case[2].prepared.split.development
    fit, held = (rows[places] for places in (case[2].folds[0].fit, case[2].folds[0].validation))
    reading = case[2].reading
    alike = np.array([[fit[3], held[7]], [fit[3], fit[4]]])
    joined = replace(case[2], reading=replace(reading, links=replace(reading.links, alike=alike)))
    assert not find_copied(case[2]).any()
    assert np.flatnonzero(find_copied(joined)).tolist() == [7]


def test_a_shift_between_declared_parts_fires():
    import polars as pl

    frame, is_validation = make_declared(300, 100, 50)
    assert ask(prepare_case(frame, split="part"))["HO304"].state == "passed"
    frame = frame.with_columns(pl.Series("x", frame["x"].to_numpy() + 1.5 * is_validation))
    assert ask(prepare_case(frame, split="part"))["HO304"].state == "fired"


def draw_classes(rng, n_rows=400, *, n_held=120, moved=0.0):
    """Parts drawn within classes: of the fit rows 60 % are ill, of the others 15 %, and x tells who is."""
    import polars as pl

    part = np.array(declare_parts(n_rows, validation=n_held, test=60))
    ill = rng.random(n_rows) < np.where(part == "train", 0.6, 0.15)
    x = rng.normal(size=n_rows) + 2.5 * ill + moved * (part == "validation")
    z = rng.normal(size=n_rows)
    return pl.DataFrame({"x": x, "z": z, "ill": np.where(ill, "yes", "no"), "part": part})


def test_other_class_shares_of_declared_parts_are_no_shift_and_a_shift_within_classes_is():
    gates = ask(prepare_case(draw_classes(np.random.default_rng(1)), split="part"))
    assert gates["HO304"].state == "passed"
    assert "within classes" in gates["HO304"].sentence
    gates = ask(prepare_case(draw_classes(np.random.default_rng(1), moved=1.5), split="part"))
    assert gates["HO304"].state == "fired"


def test_losses_of_declared_parts_compare_class_by_class_where_shares_differ():
    frame = draw_classes(np.random.default_rng(2), 700, n_held=400)
    crew, trained, data, judge = prepare_case(frame, split="part")
    mix = find_mix(data)
    assert mix is not None
    assert mix.fit.round(1).tolist() == [0.4, 0.6]
    assert mix.held[1] < 0.3
    # the second class costs 0.8 and the first 0.2, on either side
    rng = np.random.default_rng(0)
    losses = (0.2 + 0.6 * mix.code + rng.normal(0, 0.1, (5, 2, mix.code.size))).astype(np.float32)
    train = np.full((2, 5), 0.2 + 0.6 * mix.fit[1])
    runs = tuple(make_run(losses, index=index, size=10 ** (index + 1), train=train) for index in range(3))
    case = crew, replace(trained, ladder=runs), data, judge
    assert ask(case)["HO309"].state == "passed"
    assert "each class counted as often as among the fit rows" in ask(case)["HO309"].sentence
    plain, *_ = prepare_case(make_declared()[0], split="part")[2:]
    assert find_mix(plain) is None
    assert find_mix(prepare_case()[2]) is None


def test_classes_that_only_one_side_holds_are_not_compared():
    import polars as pl

    frame = draw_classes(np.random.default_rng(3))
    kinds = np.where(frame["part"] == "validation", ["new", "other"] * 200, frame["ill"].to_numpy())
    frame = frame.with_columns(pl.Series("ill", kinds))
    gates = ask(prepare_case(frame, split="part"))
    assert gates["HO304"].sentence == "No class has 5 rows on both sides."
    assert gates["HO309"].state == "not applicable"
    assert "fewer than 40 of a class" in gates["HO309"].sentence


def test_a_declared_group_that_parts_cut_fires_and_one_that_folds_keep_does_not():
    frame, _ = make_declared()
    import polars as pl

    frame = frame.with_columns(
        pl.Series("patient", [f"p{row % 50 if row < 160 else row}" for row in range(200)])
    )
    gate = ask(prepare_case(frame, split="part", group="patient"))["HO302"]
    assert gate.state == "fired"
    assert "60 of 60 validation rows share their value of 'patient'" in gate.sentence
    whole = ask(prepare_case(frame.drop("part"), group="patient"))["HO302"]
    assert whole.state == "passed"


def test_a_group_that_was_only_found_is_a_warning():
    frame = make_frame(200, patient=[f"p{row // 4}" for row in range(200)]).drop("price")
    gate = ask(prepare_case(frame))["HO302"]
    assert (gate.state, gate.overrides) == ("fired", False)
    assert "--group" in gate.action


def test_one_cut_key_does_not_hide_a_group_that_was_found():
    keys = [str(1_600_000_000_000_000 + 37 * (row // 4)) for row in range(200)]
    keys[7] = "1.6E+15"
    gate = ask(prepare_case(make_frame(200, patient_key=keys).drop("price")))["HO302"]
    assert (gate.state, gate.overrides) == ("fired", False)
    assert "'patient_key'" in gate.sentence + gate.action


def test_other_learning_rates_are_tried_before_a_network_is_called_unable():
    case = prepare_case(levels=(0.6, 0.001))
    assert ask(case)["HO307"].state == "passed"
    assert len(case[0].executor.rates) == 2
    stuck = prepare_case(levels=(0.6,))
    gate = ask(stuck)["HO307"]
    assert (gate.state, gate.overrides) == ("fired", True)
    assert len(stuck[0].executor.rates) == 3


def test_too_few_rows_for_a_verdict_leave_the_label_gate_out():
    gates = ask(prepare_case(), ChosenVerdict("cannot tell", "HO118", "", ()))
    assert gates["HO305"].state == "not applicable"


def test_thirty_two_rows_differ_in_their_features_and_fill_every_place():
    crew, _, data, _ = prepare_case(make_frame(80).drop("price"))
    rows = pick_distinct(crew.tensors, data.folds[0].fit)
    assert len(rows) == FEW_ROWS
    assert np.isin(rows, data.folds[0].fit).all()
    assert len(np.unique(crew.tensors.features[0][rows], axis=0)) == FEW_ROWS
    made = repeat_rows(crew.tensors, rows)
    assert made.fit_rows.shape == crew.tensors.fit_rows.shape
    assert made.fit_rows.dtype == crew.tensors.fit_rows.dtype
    assert set(made.fit_rows.ravel()) == set(rows)
    assert (made.fit_weight == 1).all()


def test_the_classifier_finds_one_shifted_column_of_many_and_nothing_where_nothing_is():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(240, 120)).astype(np.float32)
    is_validation = np.arange(240) >= 140
    score = score_out_of_fold(features, is_validation, unit=np.arange(240), rng=rng)
    assert 0.38 < find_auc(score, is_validation) < 0.62
    features[is_validation, 0] += 1.5
    score = score_out_of_fold(features, is_validation, unit=np.arange(240), rng=rng)
    assert find_auc(score, is_validation) > 0.7


def test_the_classifier_never_sees_the_unit_it_scores():
    """Remembering the other rows of a family of equal rows would tell the sides apart almost surely."""
    rng = np.random.default_rng(1)
    rows = np.repeat(rng.normal(size=(30, 6)), 8, axis=0).astype(np.float32)
    sides = np.repeat(rng.random(30) < 0.4, 8)
    apart = score_out_of_fold(rows, sides, unit=np.repeat(np.arange(30), 8), rng=rng)
    seen = score_out_of_fold(rows, sides, unit=np.arange(240), rng=rng)
    assert find_auc(apart, sides) < 0.7
    assert find_auc(seen, sides) > 0.8


def test_words_that_only_fit_rows_have_numbers_for_tell_nothing_about_the_rows():
    """A recipe numbers words that several of its fit rows hold: by that alone it tells fit from validation rows."""
    import polars as pl

    rng = np.random.default_rng(0)
    n_rows, part = 500, declare_parts(500, validation=150, test=50)
    order = rng.permutation(n_rows)
    notes = [" ".join(f"word{rng.zipf(1.3) % 5000}" for _ in range(12)) for _ in range(n_rows)]
    frame = pl.DataFrame({"note": notes, "ill": rng.integers(0, 2, n_rows), "part": np.array(part)[order]})
    _, prepared, _, _ = prepare_frame(frame, split="part")
    fold = prepared.folds[0]
    rows = np.concatenate([fold.fit, fold.validation])
    sides = np.arange(len(rows)) >= len(fold.fit)
    own = prepared.source.features[0][rows].astype(np.float32)
    by_own, alike = (
        find_auc(score_out_of_fold(features, sides, unit=np.arange(len(rows)), rng=rng), sides)
        for features in (own, encode_alike(prepared, rows))
    )
    assert by_own > 0.58
    assert 0.4 < alike < 0.6
