import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.letters import SETS_OF_BASES
from heldout.recipe import (
    apply_recipe,
    decode_cell,
    explain_position,
    find_layout,
    fit_recipe,
    recipe_from_json,
    recipe_to_json,
)
from heldout.recipe.record import Role, Slot
from heldout.recipe.steps import bases
from heldout.recipe.steps.bases import STEP, BasesAsked, count_bases, locate_base, name_base, plan_bases
from heldout.recipe.view import make_view, take_cells
from recipe.sample_columns import sequence


def view(cells, alphabet="DNA"):
    return make_view((sequence("x", cells, alphabet),), np.arange(len(cells))).columns[0]


def fit(cells, asked):
    return STEP.fit(view(cells), asked)


def slots_of(fitted):
    plans = STEP.plan((fitted,))
    return tuple(Slot(place, "x", plan.role, plan.label, plan.unit) for place, plan in enumerate(plans))


def encode(fitted, cells):
    numbers = STEP.apply(take_cells(sequence("x", cells)), fitted, slots_of(fitted))
    return numbers.reshape(len(cells), *count_bases(fitted))


def test_letters_are_one_hot_and_codes_are_base_probabilities():
    fitted = fit(["ACGT", "NRU-"], BasesAsked(length=4))
    made = encode(fitted, ["acgt", "NRU-", None])
    assert (made[0] == np.eye(4)).all()
    assert made[1].tolist() == [[0.25] * 4, [0.5, 0, 0.5, 0], [0, 0, 0, 1], [0] * 4]
    assert not made[2].any()


def test_every_code_shares_one_evenly_over_its_bases():
    fitted = fit(list("ACGT"), BasesAsked(length=1))
    for code, members in SETS_OF_BASES.items():
        row = dict(zip("ACGT", encode(fitted, [code])[0, 0].tolist(), strict=True))
        assert row == pytest.approx({base: (base in members) / len(members) for base in "ACGT"})


def test_proteins_have_twenty_channels_and_their_own_codes():
    column = sequence("x", ["ACDEFGHIKLMNPQRSTVWY", "BZX*"], "protein")
    fitted = STEP.fit(make_view((column,), np.arange(2)).columns[0], BasesAsked("protein", 4))
    made = STEP.apply(take_cells(column), fitted, slots_of(fitted)).reshape(2, 4, 20)
    plain = "ACDEFGHIKLMNPQRSTVWY"
    assert fitted.present == plain
    assert {plain[at] for at in np.flatnonzero(made[1, 0])} == {"D", "N"}
    assert made[1].sum(axis=1).tolist() == pytest.approx([1, 1, 1, 0])


def test_the_length_is_common_or_nearly_the_longest_and_bounded(monkeypatch):
    assert plan_bases("DNA", (view(["ACGT", "TTTT"]),)).length == 4
    lengths = [*range(1, 101)]
    assert plan_bases("DNA", (view(["ACGT" * 25][:1] + ["A" * n for n in lengths]),)).length == 96
    assert plan_bases("DNA", (view(["AC" * 5_000, "GT" * 5_000]),)).length == 1_000
    monkeypatch.setattr(bases, "MOST_NUMBERS", 2 * 4 * 3)
    assert plan_bases("DNA", (view(["ACGTACGT", "ACGTACGA"]),)).length == 3


def test_case_is_marked_only_where_one_sequence_has_both():
    assert plan_bases("DNA", (view(["ACgt", "ACGT"]),)).has_case
    assert not plan_bases("DNA", (view(["acgt", "ACGT"]),)).has_case
    fitted = fit(["ACgt", "ACGT"], BasesAsked(length=4, has_case=True))
    assert encode(fitted, ["ACgt"])[0, :, 4].tolist() == [0, 0, 1, 1]
    assert STEP.plan((fitted,))[4].label == "position 1 lower case"


def test_an_unknown_alphabet_is_judged_from_the_letters():
    assert plan_bases("", (view(["ACGT", "TTNA"]),)).alphabet == "DNA"
    assert plan_bases("", (view(["MKLV", "TTNA"]),)).alphabet == "protein"


def test_the_lost_end_is_counted_and_said():
    fitted = fit(["ACGTACGT", "ACG", "TTTTTT", None], BasesAsked(length=4))
    assert (fitted.rows, fitted.longer, fitted.reached) == (3, 2, 4)
    assert "2 of 3 fit rows are longer and lose their end" in STEP.describe(fitted)
    asked = BasesAsked(length=4)
    assert "2 of 3 fit rows are longer" in bases.explain_bases(
        asked, (view(["ACGTACGT", "ACG", "TTTTTT", None]),)
    )
    assert "lose" not in STEP.describe(fit(["ACG"], asked))


def test_what_no_fit_row_holds_stays_zero():
    fitted = fit(["AC", "CA"], BasesAsked(length=4))
    assert (fitted.reached, fitted.present) == (2, "AC")
    made = encode(fitted, ["GATT", "ACCC"])
    assert made[0].tolist() == [[0] * 4, [1, 0, 0, 0], [0] * 4, [0] * 4]
    assert not made[:, 2:].any()


def test_a_place_leads_to_its_slots_and_back():
    fitted = fit(["ACgt"], BasesAsked(length=4, has_case=True))
    slots = slots_of(fitted)
    for place in range(1, 5):
        found = [name_base(fitted, offset) for offset in locate_base(fitted, place)]
        assert found == [(place, letter) for letter in ("A", "C", "G", "T", "lower case")]
        assert [slots[offset].label for offset in locate_base(fitted, place)][2] == f"position {place} G"
    assert len(locate_base(fitted, 0)) == len(locate_base(fitted, 5)) == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("ACGTNRYSWKMBDHVacgtnr", min_size=1, max_size=9), min_size=1, max_size=4))
def test_a_sequence_reads_back(texts):
    fitted = fit(["ACgt" * 3, *texts], BasesAsked(length=12, has_case=True))
    made = encode(fitted, texts)
    for text, numbers in zip(texts, made, strict=True):
        assert STEP.decode(numbers.reshape(-1), fitted, slots_of(fitted)) == text


def test_a_missing_sequence_reads_back_as_none():
    fitted = fit(["ACGT"], BasesAsked(length=4))
    assert STEP.decode(np.zeros(16, np.float32), fitted, slots_of(fitted)) is None


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"length": 5}, "expected 5 x 4 slots of letters, got 16"),
        ({"reached": 5}, "more positions or rows"),
        ({"present": "CA"}, "present letters 'CA'"),
    ],
)
def test_records_that_do_not_fit_are_found(changed, wrong):
    fitted = fit(["ACGT"], BasesAsked(length=4))
    assert wrong in STEP.check(type(fitted)(**{**vars(fitted), **changed}), slots_of(fitted))


def test_a_column_of_sequences_becomes_letters_and_words_in_a_recipe():
    column = sequence("gene", ["ACGTAC", "TTGACA", "CCCGTA", None, "ACGGGG", "TTTTAA"])
    recipe = fit_recipe((column,), (np.arange(5), np.arange(1, 6)))
    assert [use.op for use in recipe.columns[0].ops] == ["bases@1", "kmers@1", "missing@1"]
    assert recipe.layout[0].role is Role.BASE
    assert recipe.n_features == 24 + 64 + 256 + 1024 + 1
    sentence = explain_position(recipe, 9).sentence
    assert sentence.startswith("[9] base position 3 C of 'gene'")
    layout = find_layout(recipe)
    assert layout is not None
    assert [(part.kind, part.shape, part.letters) for part in layout.parts] == [
        ("signal", (6, 4), "ACGT"),
        ("numbers", (64 + 256 + 1024 + 1,), ""),
    ]
    assert decode_cell(recipe, "gene", apply_recipe(recipe, (column,))[1]) == "TTGACA"
    text, arrays = recipe_to_json(recipe)
    assert recipe_to_json(recipe_from_json(text, arrays))[0] == text
