from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.executors.local import Job
from heldout.ladder import candidate_rates, grow_ladder, list_rates
from heldout.plan import Plan
from heldout.records import Answer, ConfigurationRun, LadderVerdict, RemedyResult, Rung
from heldout.remedies import apply_remedies
from heldout.settings import Settings
from heldout.stages import training
from heldout.stages.training import SEED_STRIDE, Controls, Crew, Trained, choose_rates, find_remedy_rung
from heldout.stages.workplace import END_SECONDS
from train.made_tensors import SCHEDULE, make_tensors

RUNGS = grow_ladder(5, 1, 24, n_rungs=3)
JUDGE = make_settings(20)


class FakeExecutor:
    """Counts what it is asked to train and answers with made losses."""

    seconds_each = 0.1

    def __init__(self, curve_of=None, limit=None):
        self.tensors, self.schedule, self.jobs, self.limit = make_tensors(), SCHEDULE, [], limit
        self.training_seconds = {}
        self.progress, self._curve_of = [], curve_of or (lambda rate: 1.0)
        self.losses = {}

    def compile(self, configurations):
        self.compiled = [configuration.name for configuration in configurations]

    def report(self, phase, done, total):
        self.progress.append((phase, done, total))

    def run_entries(self, entries):
        for number, (_, spec) in enumerate(entries):
            loss = self._curve_of(spec.hyper.learning_rate)
            yield number, SimpleNamespace(curves=np.full((1, 6, 2), loss, np.float32))

    def check_repeats(self, configuration):
        return ""

    def expect(self, configuration, n_networks):
        return self.seconds_each * n_networks

    def train(self, job, *, deadline=None):
        self.jobs.append((job, deadline))
        rng = np.random.default_rng(0)
        runs = []
        for configuration in job.configurations[: self.limit]:
            curve = self.losses.get(configuration.name, [0.7, 0.5, 0.6])
            losses = draw_losses(rng, curve, n_seeds=len(job.seeds), n_rows=20, row_sd=0.01)
            made = make_run(losses, configuration.name)
            runs.append(ConfigurationRun(**{**vars(made), "configuration": configuration}))
        return tuple(runs)


class FakeWorkplace:
    def __init__(self, executor):
        self.executor, self.cuts, self.made = executor, {}, []
        self.asked, self.affords, self.notes, self.reserved = [], True, [], 0.0

    def make_executor(self, tensors, schedule, **options):
        self.made.append(options)
        return self.executor

    def deadline(self, share):
        return share

    def read_cut(self, phase):
        return self.cuts.get(phase)

    def write_cut(self, phase, left_out):
        self.cuts[phase] = frozenset(left_out)

    def can_afford(self, phase, seconds):
        self.asked.append((phase, seconds))
        return self.affords

    def note(self, sentence):
        self.notes.append(sentence)


def make_crew(executor, *, n_seeds=3, **settings):
    plan = Plan("quick", RUNGS, SCHEDULE, n_seeds, 2, 2, 20, 20, 1.0)
    return Crew(FakeWorkplace(executor), executor.tensors, plan, Settings(target="y", **settings))


def make_ladder():
    rng = np.random.default_rng(1)
    curves = ([0.7, 0.6, 0.6], [0.7, 0.5, 0.5], [0.7, 0.5, 0.9])
    return tuple(
        make_run(draw_losses(rng, curve, n_rows=20), index=i, size=10**i) for i, curve in enumerate(curves)
    )


@pytest.mark.parametrize("best", [0, 1, 2])
def test_each_rung_gets_the_rate_with_the_lowest_loss(best):
    def curve_of(rate):
        return float(not any(rate == candidate_rates(rung.widths)[best] for rung in RUNGS))

    chosen, reach = choose_rates(FakeExecutor(curve_of), RUNGS[:1], seed=0)
    assert reach == 0
    # rates of different rungs may coincide, so the rung's own candidates are compared
    for rung, before in zip(chosen, RUNGS[:1], strict=True):
        assert curve_of(rung.learning_rate) == 0.0
        assert (rung.index, rung.widths, rung.n_parameters) == (
            before.index,
            before.widths,
            before.n_parameters,
        )


def test_networks_of_pictures_take_the_highest_rate_where_they_are_augmented():
    rates = list_rates(Rung(0, (), 9, 0.001, family="residual"))
    pictures = tuple(
        Rung(index, (), 9, 0.001, family="residual", channels=(4,), kernel=3) for index in range(2)
    )
    executor = FakeExecutor(lambda rate: float(rate != rates[0]))
    chosen, _ = choose_rates(executor, pictures, seed=0)
    assert [(rung.learning_rate, rung.augmented_rate) for rung in chosen] == [(rates[0], rates[-1])] * 2
    fixed, _ = choose_rates(executor, pictures, seed=0, fixed=0.002)
    assert {(rung.learning_rate, rung.augmented_rate) for rung in fixed} == {(0.002, 0.002)}
    assert {rung.augmented_rate for rung in choose_rates(FakeExecutor(), RUNGS, seed=0)[0]} == {0.0}


def test_the_middle_rate_stands_where_every_rate_diverges():
    chosen, _ = choose_rates(FakeExecutor(lambda rate: float("nan")), RUNGS, seed=0)
    assert [rung.learning_rate for rung in chosen] == [candidate_rates(rung.widths)[1] for rung in RUNGS]


def test_rates_are_chosen_with_a_seed_that_trains_nothing_else():
    seen = set()

    class Spy(FakeExecutor):
        def run_entries(self, entries):
            entries = list(entries)
            seen.update(spec.seed for _, spec in entries)
            return super().run_entries(entries)

    executor = Spy()
    choose_rates(executor, RUNGS, seed=0)
    assert not seen & set(make_crew(executor).seeds)
    assert executor.progress[-1][0] == "learning rates"
    assert executor.progress[-1][1] == executor.progress[-1][2]


def test_studies_of_different_seeds_share_no_network():
    first, second = make_crew(FakeExecutor()), make_crew(FakeExecutor(), seed=1)
    assert first.seeds == (0, 1, 2)
    assert second.seeds == (SEED_STRIDE, SEED_STRIDE + 1, SEED_STRIDE + 2)


def test_the_ladder_trains_every_rung_in_order():
    crew = make_crew(FakeExecutor())
    runs = crew.train_ladder(JUDGE)
    assert [run.configuration.rung.index for run in runs] == [0, 1, 2]
    assert all(not run.configuration.remedies for run in runs)


def test_the_search_for_rates_ends_where_networks_interpolate():
    executor = FakeExecutor(lambda rate: 0.001)
    rungs, reach = choose_rates(executor, RUNGS, seed=0)
    assert reach == 0
    assert executor.progress == [("learning rates", 1, 3)]
    places = [list_rates(rung).index(rung.learning_rate) for rung in rungs]
    assert len(set(places)) == 1  # the others take the place of its rate


@pytest.mark.parametrize(("loss", "n_seeds"), [(0.3, 5), (2.0, 3)])
def test_rungs_beyond_the_interpolating_one_are_raced(loss, n_seeds):
    executor = FakeExecutor(lambda rate: 0.001)
    executor.losses = {"rung 2": [0.7, loss, loss]}
    crew = make_crew(executor, n_seeds=5)
    runs = crew.train_ladder(JUDGE)
    assert [run.losses.shape[1] for run in runs] == [5, 5 if runs[1].losses.shape[1] == 5 else 3, n_seeds]
    phases = [job.phase for job, _ in executor.jobs]
    assert phases[:2] == ["ladder", "large rungs"]
    assert len(executor.jobs[0][0].configurations) == 1
    assert executor.jobs[1][0].seeds == (0, 1, 2)
    if n_seeds == 5:
        assert executor.jobs[2][0].seeds == (3, 4)
        assert runs[2].outcomes == runs[0].outcomes


def test_a_raced_rung_at_which_remedies_are_tried_gets_all_seeds():
    executor = FakeExecutor(lambda rate: 0.001)
    executor.losses = {"rung 1": [0.7, 2.0, 2.0], "rung 2": [0.7, 2.0, 2.0]}
    crew = make_crew(executor, n_seeds=5)
    ladder = crew.train_ladder(JUDGE)
    assert [run.losses.shape[1] for run in ladder] == [5, 3, 3]
    full = crew.complete_seeds(ladder, RUNGS[1])
    assert [run.losses.shape[1] for run in full] == [5, 5, 3]
    assert [run.configuration.name for run in full] == [run.configuration.name for run in ladder]
    assert crew.complete_seeds(full, RUNGS[1]) == full


def test_remedies_are_not_tried_at_a_rung_that_lost_its_race():
    crew = make_crew(FakeExecutor(lambda rate: 0.001), n_seeds=5)
    crew.executor.losses = {"rung 2": [0.7, 2.0, 2.0]}
    ladder = crew.train_ladder(JUDGE)
    verdict = LadderVerdict("undecided", "HO103", -1, "", ())
    seeds = [run.losses.shape[1] for run in ladder]
    assert seeds[-1] == 3
    assert find_remedy_rung(verdict, ladder).index == max(np.flatnonzero(np.array(seeds) == 5))


def test_without_interpolation_every_rung_has_all_seeds():
    runs = make_crew(FakeExecutor(), n_seeds=5).train_ladder(JUDGE)
    assert [run.losses.shape[1] for run in runs] == [5, 5, 5]


def test_strengths_that_the_comparison_cannot_pick_get_no_further_seeds():
    executor = FakeExecutor()
    executor.losses = {"rung 2 + l2 0.0001": [0.7, 0.5, 0.5], "rung 2 + l2 0.001": [0.7, 0.9, 0.9]}
    crew = make_crew(executor, n_seeds=5, remedies={"augmentation": (), "dropout": (), "l1": ()})
    remedies = crew.train_remedies(RUNGS[-1], JUDGE)
    assert [run.configuration.name for run in remedies["l2"]] == ["rung 2 + l2 0.0001"]
    assert remedies["l2"][0].losses.shape[1] == 5
    assert [job.seeds for job, _ in executor.jobs] == [(0,), (1, 2, 3, 4)]
    assert [c.name for c in executor.jobs[1][0].configurations] == ["rung 2 + l2 0.0001"]


def test_a_budget_gives_one_strength_of_each_remedy_before_the_second():
    crew = make_crew(FakeExecutor())
    crew.train_remedies(RUNGS[-1], JUDGE)
    order = [c.remedies[0].name for c in crew.executor.jobs[0][0].configurations]
    assert len(set(order[:4])) == 4
    assert set(order[:4]) == set(order[4:])


def test_a_phase_that_was_cut_stays_cut():
    crew = make_crew(FakeExecutor(limit=2))
    assert len(crew.train_ladder(JUDGE)) == 2
    assert crew.workplace.cuts == {"ladder": {"rung 2"}}
    resumed = make_crew(FakeExecutor())
    resumed.workplace.cuts = {"ladder": frozenset({"rung 2"})}
    assert len(resumed.train_ladder(JUDGE)) == 2
    job, deadline = resumed.executor.jobs[-1]
    assert len(job.configurations) == 2
    assert deadline is None  # whatever the clock says, the recorded cut decides


def test_a_remedy_without_strengths_is_not_trained():
    crew = make_crew(FakeExecutor(), remedies={"augmentation": (), "dropout": (), "l1": (0.001,), "l2": ()})
    assert set(crew.train_remedies(RUNGS[-1], JUDGE)) == {"l1"}
    nothing = make_crew(FakeExecutor(), remedies={"augmentation": (), "dropout": (), "l1": (), "l2": ()})
    assert nothing.train_remedies(RUNGS[-1], JUDGE) == {}
    assert nothing.executor.jobs == []


def make_result(name, change, outcome="helps", *, at_end="cannot tell"):
    triple = (change, change - 0.01, change + 0.01)
    strength = {"dropout": 0.5, "l1": 1e-3, "l2": 1e-3}.get(name, 3.0)
    return RemedyResult(name, strength, f"rung 2 + {name}", triple, triple, at_end, outcome, "")


def test_pairs_are_made_of_what_helped_best_first():
    crew = make_crew(FakeExecutor())
    results = [
        make_result("l1", -0.1),
        make_result("dropout", -0.3),
        make_result("l2", 0.2, "hurts", at_end="helps"),
    ]
    runs = crew.add_pairs(Trained(make_ladder(), {}, (), RUNGS[-1]), results, JUDGE).pairs
    names = [tuple(use.name for use in run.configuration.remedies) for run in runs]
    assert len(names) == 3
    assert set(names[0]) == {"dropout", "l1"}


def test_only_pairs_that_may_lead_get_all_seeds():
    executor = FakeExecutor()
    executor.losses = {
        "rung 2": [0.7, 0.6, 0.6],
        "rung 2 + dropout 0.5 + l1 0.001": [0.7, 0.4, 0.4],
        "rung 2 + dropout 0.5 + l2 0.001": [0.7, 0.9, 0.9],
        "rung 2 + l1 0.001 + l2 0.001": [0.7, 0.9, 0.9],
    }
    crew = make_crew(executor, n_seeds=5)
    results = [make_result("dropout", -0.3), make_result("l1", -0.2), make_result("l2", -0.1)]
    rivals = crew.executor.train(Job("ladder", (apply_remedies(RUNGS[-1], ()),), crew.seeds))
    runs = crew.add_pairs(Trained(rivals, {}, (), RUNGS[-1]), results, JUDGE).pairs
    assert [run.losses.shape[1] for run in runs] == [5, 1, 1]
    assert [job.seeds for job, _ in executor.jobs[1:]] == [(0,), (1, 2, 3, 4)]


def test_what_takes_no_training_makes_no_pair():
    crew = make_crew(FakeExecutor())
    results = [
        make_result("early_stopping", -0.1),
        make_result("fewer_parameters", -0.3),
        make_result("l1", -0.1),
    ]
    assert crew.add_pairs(Trained(make_ladder(), {}, (), RUNGS[-1]), results, JUDGE).pairs == ()


@pytest.mark.parametrize(("rung", "expected"), [(1, 1), (0, 0), (-1, 2)])
def test_remedies_are_tried_where_overfitting_begins_else_on_the_largest(rung, expected):
    verdict = LadderVerdict("overfits from", "HO101", rung, "", ())
    assert find_remedy_rung(verdict, make_ladder()).index == expected


def ask_underfit(*gains, tolerance=0.02, sound=()):
    """For each rung its answers, the last of which says how much better the best larger rung is."""
    return tuple(
        (*[Answer(name, ("yes", "no")[index in sound], 1, 0.5, 1.5, tolerance) for name in ("overtrained", "too big")],
         Answer("underfit", "undecided", gain, gain - 1, gain + 1, tolerance))
        for index, gain in enumerate(gains)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("gains", "expected"),
    [((0.01, 0.3, np.nan), 0), ((0.3, 0.01, np.nan), 1), ((0.3, 0.2, np.nan), 2), ((np.nan,) * 3, 0)],
)
def test_remedies_are_tried_at_no_rung_that_a_larger_one_beats(gains, expected):
    verdict = LadderVerdict("overfits from", "HO101", 0, "", ask_underfit(*gains))
    assert find_remedy_rung(verdict, make_ladder()).index == expected


def test_rungs_below_the_first_that_overfits_are_not_asked():
    verdict = LadderVerdict("overfits from", "HO101", 1, "", ask_underfit(0.0, 0.5, np.nan))
    assert find_remedy_rung(verdict, make_ladder()).index == 2


@pytest.mark.parametrize(("sound", "expected"), [((1,), 2), ((1, 2), 1), ((2,), 1)])
def test_remedies_are_tried_where_there_is_overfitting_to_cure(sound, expected):
    verdict = LadderVerdict("overfits from", "HO101", 0, "", ask_underfit(0.3, 0.01, np.nan, sound=sound))
    assert find_remedy_rung(verdict, make_ladder()).index == expected


def test_remedies_are_tried_at_no_rung_that_diverged():
    smallest, lost, sound = make_ladder()
    losses = lost.losses.copy()
    losses[-1] = np.nan
    verdict = LadderVerdict("overfits from", "HO101", 0, "", ask_underfit(0.3, np.nan, np.nan))
    assert find_remedy_rung(verdict, (smallest, replace(lost, losses=losses), sound)).index == 2


def test_all_runs_are_found_by_name():
    ladder = make_ladder()
    remedy = make_run(draw_losses(np.random.default_rng(2), [0.7, 0.5], n_rows=20), remedies=(("l1", 0.1),))
    trained = Trained(ladder, {"l1": (remedy,)}, (), ladder[2].configuration.rung)
    assert trained.all_runs() == (*ladder, remedy)
    assert trained.find("rung 0 + l1 0.1") is remedy


def make_prepared(n_rows):
    return SimpleNamespace(
        split=SimpleNamespace(development=np.arange(n_rows), test=np.zeros(0, int), unit=np.arange(n_rows))
    )


def test_controls_are_only_trained_where_they_are_needed(monkeypatch):
    asked = []
    monkeypatch.setattr(
        training, "run_permutations", lambda *args, **options: asked.append(args[2]) or "test"
    )
    ladder = make_ladder()
    trained = Trained(ladder, {}, (), ladder[0].configuration.rung)
    crew = make_crew(FakeExecutor())
    skilled = make_settings(20, constant=0.9)
    choice = SimpleNamespace(name="rung 1")
    assert crew.train_controls(trained, choice, skilled, make_prepared(300)) == Controls()
    assert crew.train_controls(trained, choice, skilled, make_prepared(60)).permutation == "test"
    assert len(asked[0]) == 3
    doubtful = crew.train_controls(trained, choice, make_settings(20, constant=0.3), make_prepared(300))
    assert doubtful.permuted is not None
    assert crew.workplace.made[-1]["kept"] is False


def test_a_small_budget_leaves_the_controls_out_and_says_so(monkeypatch):
    monkeypatch.setattr(training, "run_permutations", lambda *args, **options: "test")
    ladder = make_ladder()
    trained = Trained(ladder, {}, (), RUNGS[1])
    judge = make_settings(20, constant=0.3)  # skill in question
    choice = SimpleNamespace(name=ladder[1].configuration.name)
    crew = make_crew(FakeExecutor())
    crew.workplace.affords = False
    controls = crew.train_controls(trained, choice, judge, make_prepared(60))
    assert (controls.permuted, controls.permutation) == (None, None)
    assert [phase for phase, _ in crew.workplace.asked] == ["permuted-labels", "permutation-test"]
    assert crew.workplace.notes == [
        "the budget is used up: the check by permuted labels was left out",
        "the budget is used up: the check by permutation test was left out",
    ]


def test_the_end_of_the_study_is_kept_free():
    executor = FakeExecutor()
    executor.seconds_each = 2.0
    crew = make_crew(executor, n_seeds=3)
    crew.train_ladder(JUDGE)
    assert crew.workplace.reserved == END_SECONDS + 2.0 * 3 * len(crew.tensors.fit_rows)


def test_a_fixed_rate_is_every_rungs_rate_and_costs_one_network_a_rung_and_fold():
    tried = []

    class Spy(FakeExecutor):
        def run_entries(self, entries):
            entries = list(entries)
            tried.extend(spec.hyper.learning_rate for _, spec in entries)
            return super().run_entries(entries)

    rungs, reach = choose_rates(Spy(), RUNGS, seed=0, fixed=0.04)
    assert [rung.learning_rate for rung in rungs] == [0.04] * 3
    assert reach == 2
    assert tried == [0.04] * (3 * 2)
    crew = make_crew(FakeExecutor(), ladder={"learning_rate": 0.04})
    assert {run.configuration.hyper.learning_rate for run in crew.train_ladder(JUDGE)} == {0.04}


def test_a_remedy_whose_layers_a_rung_lacks_is_left_out_with_a_note_never_trained_as_plain():
    wishes = {"dropout": {"strengths": [0.3], "layers": [1]}, "l2": [0.01], "l1": [], "augmentation": []}
    crew = make_crew(FakeExecutor(), remedies=wishes)
    assert set(crew.train_remedies(RUNGS[0], JUDGE)) == {"l2"}
    assert crew.workplace.notes == ["dropout on layer 1 was left out: rung 0 has layer 0"]
    deep = make_crew(FakeExecutor(), remedies=wishes)
    trained = deep.train_remedies(RUNGS[1], JUDGE)
    assert set(trained) == {"dropout", "l2"}
    assert trained["dropout"][0].configuration.hyper.dropout == (0.0, 0.3)
    assert deep.workplace.notes == []


@pytest.mark.parametrize(("seconds", "rung"), [(0.1, 1), (1e6, 0)])
def test_equal_bits_are_checked_with_dropout_in_the_familys_smallest_network_unless_it_is_dear(seconds, rung):
    seen = []

    class Spy(FakeExecutor):
        seconds_each = seconds

        def check_repeats(self, configuration):
            seen.append(configuration)
            return "differs"

    crew = make_crew(Spy())
    crew.train_ladder(JUDGE)
    assert seen[0].rung.index == rung
    assert max(seen[0].hyper.dropout) == 0.3
    assert crew.workplace.notes == ["differs"]
