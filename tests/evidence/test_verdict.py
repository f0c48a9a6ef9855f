import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.errors import DataError
from heldout.evidence.codes import CODES
from heldout.evidence.questions import BELOW_ZERO
from heldout.evidence.verdict import _say_larger, _say_smaller, judge_chosen, judge_ladder, share_alpha
from heldout.records import Answer

FALL = 0.3 + 0.4 * np.exp(-np.arange(12) / 2)
RISE = FALL + 0.03 * np.maximum(0, np.arange(12) - 4)


def make_ladder(rng, curves, **more):
    rows = rng.normal(0, 0.2, more.get("n_rows", 100))
    return [
        make_run(draw_losses(rng, curve, rows=rows, **more), size=10 * 4**i, index=i)
        for i, curve in enumerate(curves)
    ]


def test_names_the_first_rung_that_overfits():
    rng = np.random.default_rng(0)
    runs = make_ladder(rng, [FALL + 0.1, FALL, RISE, RISE + 0.02], n_rows=400)
    verdict = judge_ladder(runs[::-1], make_settings(400))
    assert (verdict.word, verdict.code, verdict.rung) == ("overfits from", "HO101", 2)
    assert "160 weights" in verdict.sentence
    assert "The one larger size is shown to overfit too." in verdict.sentence
    assert [answer.question for answer in verdict.per_rung[0]] == ["overtrained", "too big", "underfit"]
    assert verdict.per_rung[0][2].answer == "yes"
    assert verdict.per_rung[3][2].answer == "undecided"
    assert "the ladder ended" in verdict.per_rung[3][2].sentence
    assert verdict.onset[0] == -1
    assert verdict.best_epoch[2] < verdict.onset[2] <= 12


def test_a_flat_ladder_with_many_rows_shows_no_overfitting():
    rng = np.random.default_rng(1)
    runs = make_ladder(rng, [FALL, FALL, FALL], n_rows=3000, seed_sd=0.002)
    verdict = judge_ladder(runs, make_settings(3000))
    assert (verdict.word, verdict.code, verdict.rung) == ("no overfitting shown", "HO102", -1)
    assert verdict.onset == (-1, -1, -1)


def test_few_noisy_rows_stay_undecided():
    rng = np.random.default_rng(2)
    runs = make_ladder(rng, [FALL, FALL], n_rows=16, noise_sd=0.5, row_sd=1.0)
    verdict = judge_ladder(runs, make_settings(16))
    assert (verdict.word, verdict.code) == ("undecided", "HO103")


def test_a_diverged_rung_is_no_evidence_for_anything():
    rng = np.random.default_rng(3)
    runs = make_ladder(rng, [FALL, RISE], n_rows=300)
    runs.append(make_run(np.full((12, 5, 300), np.nan), size=9000, index=2))
    verdict = judge_ladder(runs, make_settings(300))
    assert verdict.rung == 1
    assert [answer.answer for answer in verdict.per_rung[2]] == ["undecided"] * 3
    assert verdict.best_epoch[2] == -1
    assert "diverged" in verdict.per_rung[2][0].sentence


def test_an_empty_ladder_is_refused():
    with pytest.raises(DataError, match="an empty ladder"):
        judge_ladder([], make_settings(10))


def test_alpha_is_passed_down_the_ladder():
    assert share_alpha([0.04], 0.05) == (True,)
    assert share_alpha([0.049, 0.02, 0.02], 0.05) == (True, True, True)
    assert share_alpha([0.012, 0.013, 0.026], 0.05) == (True, False, False)


def test_alpha_is_never_overspent_when_nothing_overfits():
    rng = np.random.default_rng(4)
    for n_rungs in (1, 2, 8):
        p = rng.uniform(size=(4000, n_rungs))
        rate = np.mean([any(share_alpha(row.tolist(), 0.05)) for row in p])
        assert rate <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 4000)


@pytest.mark.parametrize("n_seeds", [3, 5])
def test_a_false_overfits_from_is_rare_at_the_tolerance_itself(n_seeds):
    """The hardest null: every rung loses exactly delta at the last epoch, so every claim is (just) false."""
    rng = np.random.default_rng(10 + n_seeds)
    curve = np.array([0.5, 0.35, 0.3, 0.3, 0.31, 0.32])
    n_studies, m = 150, 60
    settings = make_settings(m, delta=0.02)
    wrong = 0
    for _ in range(n_studies):
        runs = make_ladder(rng, [curve] * 4, n_rows=m, n_seeds=n_seeds)
        wrong += judge_ladder(runs, settings).word == "overfits from"
    assert wrong / n_studies <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / n_studies)


def test_real_overfitting_is_found_with_enough_rows():
    rng = np.random.default_rng(12)
    found = [
        judge_ladder(make_ladder(rng, [FALL, RISE], n_rows=350), make_settings(350)).rung for _ in range(12)
    ]
    assert found.count(1) >= 10


def test_good_fit_needs_skill_and_three_times_no():
    rng = np.random.default_rng(5)
    runs = make_ladder(rng, [FALL + 0.2, FALL, FALL], n_rows=2500, seed_sd=0.002)
    verdict = judge_chosen(runs[1], runs, make_settings(2500), n_rows=2500)
    assert (verdict.word, verdict.code) == ("good fit", "HO116")
    assert [answer.answer for answer in verdict.answers] == ["yes", "no", "no", "no", "no"]
    assert len(verdict.answers) == 5


def test_an_overtrained_curve_delivered_at_its_best_epoch_is_no_overfit():
    rng = np.random.default_rng(6)
    runs = make_ladder(rng, [FALL + 0.2, RISE, RISE], n_rows=2500, seed_sd=0.002)
    verdict = judge_chosen(runs[1], runs, make_settings(2500), n_rows=2500)
    assert verdict.word == "good fit"
    overtrained = verdict.answers[1]
    assert overtrained.answer == "no"
    assert "If it were trained to the last epoch: yes" in overtrained.sentence


def test_why_a_difference_is_below_zero_is_said_once():
    rng, counts = np.random.default_rng(7), set()
    for _ in range(6):
        runs = make_ladder(rng, [FALL + 0.2, FALL, FALL], n_rows=100, seed_sd=0.05)
        overtrained = judge_chosen(runs[1], runs, make_settings(100), n_rows=100).answers[1]
        told = overtrained.sentence.count(BELOW_ZERO)
        assert told <= 1
        assert told == 1 or overtrained.estimate >= 0
        counts.add(told)
    assert 1 in counts


@pytest.mark.parametrize(
    ("offsets", "word", "code"),
    [
        ((0.0, 0.2, 0.2), "overfit", "HO113"),
        ((0.2, 0.2, 0.0), "underfit", "HO114"),
        ((0.0, 0.2, 0.0), "between", "HO115"),
    ],
)
def test_words_for_the_delivered_configuration(offsets, word, code):
    rng = np.random.default_rng(7)
    runs = make_ladder(rng, [FALL + offset for offset in offsets], n_rows=500)
    verdict = judge_chosen(runs[1], runs, make_settings(500), n_rows=500)
    assert (verdict.word, verdict.code) == (word, code)


def test_a_stronger_remedy_that_is_better_means_overfit_and_a_weaker_one_underfit():
    rng = np.random.default_rng(8)
    rows = rng.normal(0, 0.2, 400)
    bad, good = (draw_losses(rng, FALL + offset, n_rows=400, rows=rows) for offset in (0.2, 0.0))
    plain = make_run(bad, size=50, index=2)
    remedied = make_run(good, size=50, index=2, remedies=[("dropout", 0.3)])
    assert judge_chosen(plain, [plain, remedied], make_settings(400), n_rows=400).word == "overfit"
    strangled = make_run(bad, size=50, index=2, remedies=[("dropout", 0.8)])
    assert judge_chosen(strangled, [strangled, remedied], make_settings(400), n_rows=400).word == "underfit"


def test_the_top_of_the_ladder_is_never_good_fit():
    rng = np.random.default_rng(9)
    runs = make_ladder(rng, [FALL, FALL], n_rows=2500, seed_sd=0.002)
    verdict = judge_chosen(runs[1], runs, make_settings(2500), n_rows=2500)
    assert verdict.word == "undecided"
    assert "Open: underfit" in verdict.sentence


def test_no_skill_with_permuted_labels_fitted_alike_is_memorising():
    rng = np.random.default_rng(13)
    flat = np.full(6, 0.75)
    losses = draw_losses(rng, flat, n_rows=600)
    train = np.tile(np.linspace(0.7, 0.02, 6), (5, 1)) + rng.normal(0, 0.002, (5, 6))
    run, permuted = (
        make_run(losses, train=train),
        make_run(losses, train=train + rng.normal(0, 0.002, (5, 6))),
    )
    verdict = judge_chosen(run, [run], make_settings(600), permuted=permuted, n_rows=600)
    assert (verdict.word, verdict.code) == ("no skill shown", "HO111")
    hard = make_run(losses, train=train + 0.5)
    verdict = judge_chosen(run, [run], make_settings(600), permuted=hard, n_rows=600)
    assert (verdict.word, verdict.code) == ("no skill shown", "HO112")
    verdict = judge_chosen(run, [run], make_settings(600), n_rows=600)
    assert (verdict.word, verdict.code) == ("no skill shown", "HO110")


def test_too_few_rows_or_groups_or_a_diverged_network_cannot_tell():
    rng = np.random.default_rng(14)
    run = make_run(draw_losses(rng, FALL, n_rows=20))
    verdict = judge_chosen(run, [run], make_settings(20), n_rows=20)
    assert (verdict.word, verdict.code, verdict.answers) == ("cannot tell", "HO118", ())
    assert "20 development rows; under 30" in verdict.sentence
    grouped = make_run(draw_losses(rng, FALL, n_rows=90))
    settings = make_settings(90, unit=np.arange(90) % 6)
    assert "6 independent groups" in judge_chosen(grouped, [grouped], settings, n_rows=90).sentence
    broken = make_run(draw_losses(rng, FALL, n_rows=90), diverged=True)
    assert "diverged" in judge_chosen(broken, [broken], make_settings(90), n_rows=90).sentence


def test_random_labels_are_not_called_skilled():
    rng = np.random.default_rng(15)
    skilled = 0
    for _ in range(60):
        losses = draw_losses(rng, np.linspace(0.695, 0.74, 6), n_rows=80, n_seeds=3)
        verdict = judge_chosen(make_run(losses), [], make_settings(80), n_rows=80)
        skilled += verdict.answers[0].answer == "yes"
    assert skilled <= 60 * (0.05 + 2 * np.sqrt(0.05 * 0.95 / 60))


def test_every_code_is_published_once():
    codes = [item.code for item in CODES]
    assert len(codes) == len(set(codes))
    assert all(item.meaning and item.threshold and item.error_rate for item in CODES)


@pytest.mark.parametrize(
    ("n_shown", "n_larger", "said"),
    [
        (0, 0, ""),
        (0, 1, " The one larger size is not shown to overfit."),
        (1, 1, " The one larger size is shown to overfit too."),
        (0, 3, " None of the 3 larger sizes is shown to overfit."),
        (1, 3, " 1 of the 3 larger sizes is shown to overfit too."),
        (3, 3, " All 3 larger sizes are shown to overfit too."),
    ],
)
def test_what_is_shown_of_larger_sizes_is_said_in_good_english(n_shown, n_larger, said):
    assert _say_larger(n_shown, n_larger) == said


def test_what_is_known_of_smaller_sizes_is_told_with_the_size():
    def answers(word, lean=""):
        return tuple(
            Answer(question, word, 0.0, 0.0, 0.0, 0.01, lean=lean) for question in ("overtrained", "too big")
        )

    assert _say_smaller(()) == ""
    assert _say_smaller((answers("no"), answers("no"))) == ", no smaller size does"
    unsure = _say_smaller((answers("no"), answers("undecided", "leaning yes")))
    assert unsure == " at the latest; smaller sizes are not shown to overfit, 1 of 2 leaning towards it"


def test_a_loss_that_still_falls_at_the_last_epoch_is_said():
    rng = np.random.default_rng(5)
    fall = np.array([0.5, 0.4, 0.35, 0.32, 0.30, 0.29])
    runs = make_ladder(rng, [fall + 0.2, fall, fall], n_rows=2500, seed_sd=0.002)
    verdict = judge_chosen(runs[1], runs, make_settings(2500), n_rows=2500)
    assert verdict.sentence.endswith("a longer training is not part of this comparison.")
    turned = make_ladder(rng, [np.append(fall, 0.5)] * 3, n_rows=2500, seed_sd=0.002)
    assert "longer training" not in judge_chosen(turned[1], turned, make_settings(2500), n_rows=2500).sentence
