import numpy as np

from heldout.recipe.record import Role
from heldout.recipe.steps.onehot import STEP, CategoriesAsked, hash_text
from heldout.recipe.view import make_view, take_cells
from recipe.sample_columns import category, yes_no


def fit(cells, make=category, **asked):
    column = make("a", cells)
    view = make_view((column,), np.arange(len(cells)))
    return STEP.fit(view.columns[0], CategoriesAsked(**asked))


def place(cells, fitted, slots, make=category):
    made = STEP.apply(take_cells(make("a", cells)), fitted, slots)
    assert (made.sum(axis=1) == 1).all()
    return [slots[int(index)].label for index in made.argmax(axis=1)]


def test_each_kind_of_cell_has_its_own_slot():
    fitted = fit(["f", "f", "m", "m", "x", None, "?"])
    slots = STEP.plan((fitted,))
    assert [slot.label for slot in slots] == ["f", "m", "<rare>", "<missing>", "<unseen>", "<unparsed>"]
    assert place(["f", "m", "x", None, "new", "?"], fitted, slots) == [
        slot.label for slot in (slots[0], slots[1], slots[2], slots[3], slots[4], slots[5])
    ]


def test_new_spellings_of_a_known_value_are_that_value():
    fitted = fit(["Male", "Male", "Female", "Female", "a", "a", "A", "A"])
    slots = STEP.plan((fitted,))
    assert place(["MALE", " female ", "Fe male", "b"], fitted, slots) == [
        "Male",
        "Female",
        "<unseen>",
        "<unseen>",
    ]
    assert place(["a", "A"], fitted, slots) == ["a", "A"]


def test_two_known_values_with_one_folded_form_take_in_no_third():
    fitted = fit(["ab", "ab", "AB", "AB"])
    slots = STEP.plan((fitted,))
    assert place(["Ab", "ab", "AB"], fitted, slots) == ["<unseen>", "ab", "AB"]


def test_slots_no_fit_row_filled_give_way_to_unseen():
    fitted = fit(["f", "f", "m", "m"])
    slots = STEP.plan((fitted,))
    assert place([None, "?", "f"], fitted, slots) == ["<unseen>", "<unseen>", "f"]
    assert "none missing, such cells go to <unseen>" in STEP.describe(fitted)


def test_a_category_of_another_fold_is_unseen_or_rare_in_this_one():
    first, second = fit(["a", "a", "b", "c", "c"]), fit(["b", "b", "a", "a"])
    slots = STEP.plan((first, second))
    assert place(["b", "c"], first, slots) == ["<rare>", "c"]
    assert place(["b", "c"], second, slots) == ["b", "<unseen>"]


def test_only_the_most_frequent_values_are_known():
    fitted = fit(["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d"] * 3, most_values=3)
    assert fitted.known == ("a", "b", "c")
    assert fitted.rare.tolist() == [hash_text("d")]
    assert fit(["a"] * 5 + ["b"] * 4, rare_rows=5).known == ("a",)
    assert fit(["a"] * 90 + ["b"] * 10, rare_share=0.2).known == ("a",)


def test_rare_texts_do_not_stand_in_the_fitted_values():
    fitted = fit(["a", "a", "Ms Rare"])
    assert "Ms Rare" not in repr(fitted)


def test_yes_no_is_never_rare():
    fitted = fit([1] + [0] * 9, make=yes_no)
    slots = STEP.plan((fitted,))
    assert [slot.label for slot in slots[:2]] == ["no", "yes"]
    assert place([1, 0], fitted, slots, make=yes_no) == ["yes", "no"]


def test_a_text_that_looks_like_a_special_slot_is_an_ordinary_category():
    fitted = fit(["<missing>", "<missing>", "a", "a", None])
    slots = STEP.plan((fitted,))
    made = STEP.apply(take_cells(category("a", ["<missing>", None])), fitted, slots)
    assert [slots[int(index)].role for index in made.argmax(axis=1)] == [Role.CATEGORY, Role.MISSING]


def test_lone_surrogates_and_any_unicode_are_only_texts():
    odd = ["\ud800", "\ud800", "\u202eabc", "\u202eabc", "é", "e\u0301"]
    fitted = fit(odd)
    assert place(["\ud800", "é"], fitted, STEP.plan((fitted,))) == ["\ud800", "<rare>"]
