import re
import time
from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from heldout.errors import StudyError, StudyInterrupted
from heldout.executors import LocalExecutor, Surroundings, local
from heldout.executors.local import Job
from heldout.nets import count_layer_parameters, list_layers
from heldout.records import Outcome
from heldout.train.assemble import assemble_run
from heldout.train.program import MemberResults, MemberSpec, count_devices, group_size, put_data, run_members
from train.made_tensors import (
    CHECKPOINTS,
    SCHEDULE,
    assert_same_bits,
    make_configuration,
    make_hyper,
    make_shape,
    make_tensors,
)

TENSORS = make_tensors()
SEEDS = (4, 5, 6)
CONFIGURATIONS = tuple(make_configuration(f"rung 1 + l2 {l2:g}", l2=(l2, l2)) for l2 in (0.0, 0.01, 0.1))
JOB = Job("remedies", CONFIGURATIONS, SEEDS)
N_MEMBERS = len(SEEDS) * len(TENSORS.fit_rows)


class Shelf:
    """Keeps runs in memory; what is asked for and kept is written down."""

    def __init__(self):
        self.runs, self.saved = {}, []

    def load(self, key, configuration):
        return self.runs.get((key, configuration))

    def save(self, key, run):
        self.saved.append(run.configuration.name)
        self.runs[key, run.configuration] = run


def assert_same_runs(runs, others):
    assert len(runs) == len(others)
    for run, other in zip(runs, others, strict=True):
        assert run.configuration == other.configuration
        for name in ("losses", "hits", "train_curve", "validation_curve", "zero_share", "weight_norm"):
            np.testing.assert_array_equal(getattr(run, name), getattr(other, name), strict=True)


@pytest.fixture(scope="module")
def wanted():
    """The job trained by the program itself, one configuration after the other."""
    data = put_data(TENSORS)
    runs = []
    for configuration in CONFIGURATIONS:
        specs = [MemberSpec(configuration.hyper, seed, fold) for seed in SEEDS for fold in range(2)]
        results = run_members(make_shape(), specs, data, CHECKPOINTS)
        runs.append(assemble_run(configuration, results, TENSORS, CHECKPOINTS, len(SEEDS)))
    return tuple(runs)


def test_executor_gives_what_the_program_gives(wanted):
    executor = LocalExecutor(TENSORS, SCHEDULE)
    assert_same_runs(executor.train(JOB), wanted)
    assert executor.n_trained == 3 * N_MEMBERS
    assert set(executor.training_seconds) == {c.name for c in CONFIGURATIONS}
    assert len({run.losses.tobytes() for run in wanted}) == 3


def test_what_is_stored_is_not_trained_again(wanted):
    shelf = Shelf()
    LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(store=shelf)).train(JOB)
    second = LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(store=shelf))
    assert_same_runs(second.train(JOB), wanted)
    assert second.n_trained == 0
    assert shelf.saved == [c.name for c in CONFIGURATIONS]


def test_phases_are_stored_apart():
    shelf = Shelf()
    one = replace(JOB, configurations=CONFIGURATIONS[:1])
    LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(store=shelf)).train(one)
    other = LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(store=shelf))
    other.train(replace(one, phase="pairs"))
    assert other.n_trained == N_MEMBERS


class Stop:
    """Asks to stop at the n-th look, counted from one; 0 never."""

    def __init__(self, at=0):
        self.at, self.looks = at, 0

    def __call__(self):
        self.looks += 1
        if self.looks == self.at:
            raise StudyInterrupted


def small_groups(monkeypatch):
    """As with long trainings: a group holds one network a device, and a stop is looked for at every checkpoint."""
    monkeypatch.setattr(local, "LONGEST_CALL_SECONDS", 1e-9)


@pytest.mark.parametrize("at", [1, 2, 9, 16, 20, 30])
def test_a_stop_keeps_what_is_finished_and_the_rest_follows(wanted, monkeypatch, at):
    small_groups(monkeypatch)
    shelf = Shelf()
    with pytest.raises(StudyInterrupted, match="exit code 130"):
        LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(store=shelf, check_stop=Stop(at))).train(JOB)
    n_kept = len(shelf.saved)
    assert shelf.saved == [c.name for c in CONFIGURATIONS[:n_kept]]
    looks = N_MEMBERS // count_devices() * (1 + len(CHECKPOINTS))  # of one configuration
    assert n_kept == (at - 1) // looks
    second = LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(store=shelf))
    assert_same_runs(second.train(JOB), wanted)
    assert second.n_trained == (3 - n_kept) * N_MEMBERS


def test_a_stop_between_full_groups_keeps_the_configurations_of_the_first(wanted):
    shelf = Shelf()
    many = tuple(replace(CONFIGURATIONS[1], name=f"rung 1 again {index}") for index in range(6))
    with pytest.raises(StudyInterrupted, match="exit code 130"):
        LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(store=shelf, check_stop=Stop(2))).train(
            replace(JOB, configurations=many)
        )
    assert len(shelf.saved) == group_size() // N_MEMBERS
    np.testing.assert_array_equal(shelf.runs["remedies", many[0]].losses, wanted[1].losses)


def test_looking_for_a_stop_inside_a_training_changes_no_bit(wanted, monkeypatch):
    small_groups(monkeypatch)
    stop = Stop()
    assert_same_runs(
        LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(check_stop=stop)).train(JOB), wanted
    )
    n_groups = 3 * N_MEMBERS // count_devices()
    assert stop.looks == n_groups * (1 + len(CHECKPOINTS))


def test_neighbours_share_groups_whatever_their_configuration(wanted):
    stop = Stop()
    LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(check_stop=stop)).train(JOB)
    assert stop.looks == -(-3 * N_MEMBERS // group_size())


def test_a_deadline_leaves_out_what_was_not_begun(wanted, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(local, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def report(phase, done, total):
        clock[0] = float(done)  # one second a network

    executor = LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(report=report))
    got = executor.train(JOB, deadline=1.5 * N_MEMBERS)
    assert_same_runs(got, wanted[:2])  # the second was begun in time and is finished


def test_past_the_deadline_the_least_is_trained_and_the_stored_is_given(wanted):
    shelf, past = Shelf(), time.monotonic() - 1.0
    executor = LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(store=shelf))
    assert executor.train(JOB, deadline=past) == ()
    assert_same_runs(executor.train(replace(JOB, least=1), deadline=past), wanted[:1])
    assert_same_runs(executor.train(JOB, deadline=past), wanted[:1])
    assert executor.n_trained == N_MEMBERS


def test_progress_counts_networks_and_never_goes_back():
    told = []
    shelf = Shelf()
    executor = LocalExecutor(
        TENSORS, SCHEDULE, around=Surroundings(store=shelf, report=lambda *event: told.append(event))
    )
    for n_configurations in (2, 3):  # the second time, two are in the store
        told.clear()
        executor.train(replace(JOB, configurations=CONFIGURATIONS[:n_configurations]))
        done = [event[1] for event in told]
        assert done == sorted(set(done))
        assert done[-1] == n_configurations * N_MEMBERS
        assert {(phase, total) for phase, _, total in told} == {("remedies", n_configurations * N_MEMBERS)}
    assert done[0] > 2 * N_MEMBERS


def test_networks_of_different_programs_may_stand_in_any_order(monkeypatch):
    """Every network is trained once, in the program of its rung, and comes back in its place."""
    trained = []

    def run_nothing(shape, specs, data, checkpoints, **others):
        assert {spec.net for spec in specs} == {shape.net}
        trained.extend(spec.seed for spec in specs)
        seeds = np.array([spec.seed for spec in specs])
        empty = np.zeros((len(specs), 1, 1))
        return MemberResults(
            seeds, empty, empty, empty, ((empty, empty[:, 0]), (empty, empty[:, 0])), ((), ())
        )

    monkeypatch.setattr(local, "run_members", run_nothing)
    narrow = CONFIGURATIONS[0]
    wide = replace(narrow, name="wide", rung=replace(narrow.rung, widths=(6,)))
    order = [narrow, narrow, wide, narrow, wide, wide, *[narrow] * 20, wide]
    entries = [(configuration, MemberSpec(make_hyper(), seed, 0)) for seed, configuration in enumerate(order)]
    got = list(LocalExecutor(TENSORS, SCHEDULE).run_entries(entries))
    assert [configuration for configuration, _ in got] == order
    assert [int(results.curves[0]) for _, results in got] == trained == list(range(len(order)))


def test_a_diverged_configuration_does_not_end_the_job(wanted):
    endless = make_configuration("endless", learning_rate=float("inf"))
    runs = LocalExecutor(TENSORS, SCHEDULE).train(replace(JOB, configurations=(endless, CONFIGURATIONS[1])))
    assert set(runs[0].outcomes) == {Outcome.DIVERGED}
    assert_same_runs(runs[1:], wanted[1:2])


def test_single_members_come_back_in_order_group_by_group(monkeypatch):
    specs = [MemberSpec(make_hyper(), seed, 0) for seed in range(3 * count_devices())]
    whole = LocalExecutor(TENSORS, SCHEDULE).train_members(CONFIGURATIONS[0], specs)
    small_groups(monkeypatch)
    done = []
    in_groups = LocalExecutor(TENSORS, SCHEDULE).train_members(CONFIGURATIONS[0], specs, progress=done.append)
    assert_same_bits(in_groups, whole)
    assert done == [count_devices() * group for group in (1, 2, 3)]


def test_watch_and_ends_reach_the_program():
    specs = [MemberSpec(make_hyper(), 0, 0)]
    executor = LocalExecutor(TENSORS, SCHEDULE)
    short = executor.train_members(CONFIGURATIONS[0], specs, ends=SCHEDULE.checkpoints[:2])
    watched = executor.train_members(
        CONFIGURATIONS[0], specs, watch=lambda epoch, results: epoch == SCHEDULE.checkpoints[1]
    )
    assert_same_bits(watched, short)
    assert np.isnan(short.curves[0, -1]).all()


def test_a_narrow_rung_may_run_in_a_wider_program():
    narrow = replace(CONFIGURATIONS[0], rung=replace(CONFIGURATIONS[0].rung, widths=(3,)))
    executor = LocalExecutor(TENSORS, SCHEDULE, shapes={(3,): (4,)})
    assert executor.shape_of(narrow) == make_shape()
    results = executor.train_members(narrow, [MemberSpec(make_hyper(), 0, 0)])
    assert [weight.shape for weight in results.weights] == [(1, 5, 3), (1, 3, 1)]
    assert [layer[1].shape for layer in results.params] == [(1, 3), (1, 1)]
    run = executor.train(replace(JOB, configurations=(narrow,)))[0]
    assert (run.zero_share == 0).all()  # units that are not used are no zeros of the network


def test_other_targets_are_trained_on():
    flipped = LocalExecutor(TENSORS, SCHEDULE, targets=1 - TENSORS.target[None])
    meant = LocalExecutor(make_tensors(target=1 - TENSORS.target), SCHEDULE)
    one = replace(JOB, configurations=CONFIGURATIONS[:1])
    assert_same_runs(flipped.train(one), meant.train(one))


# ------------------------------------------------------------------------------------------------- faults
def fail_above(monkeypatch, n_places, error):
    """Let programs of more than so many places fail; give the sizes tried."""
    real, tried = local.run_members, []

    def run(shape, specs, *rest, layout, **others):
        tried.append(layout.places)
        if layout.places > n_places:
            raise error
        return real(shape, specs, *rest, layout=layout, **others)

    monkeypatch.setattr(local, "run_members", run)
    return tried


@pytest.mark.parametrize(
    "error",
    [MemoryError(), jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 99 bytes")],
)
def test_when_memory_runs_out_half_as_many_networks_go_on_with_the_same_bits(monkeypatch, wanted, error):
    tried = fail_above(monkeypatch, 2, error)
    said = []
    executor = LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(say=said.append))
    assert_same_runs(executor.train(JOB), wanted)
    assert tried[:3] == [8, 4, 2]
    assert set(tried[2:]) == {2}
    assert len(said) == 2
    assert said[-1].startswith(f"memory ran out: {2 * count_devices()} networks at once from here on")


@pytest.mark.parametrize(
    ("error", "request_"),
    [
        (MemoryError("no room"), "MB$"),
        (
            jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 1048576 bytes."),
            "; the request that failed was for 1048576 bytes$",
        ),
        (
            jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 4.5GiB."),
            "; the request that failed was for 4.5GiB$",
        ),
    ],
)
def test_one_network_that_does_not_fit_says_what_it_needed_and_what_to_do(monkeypatch, error, request_):
    tried = fail_above(monkeypatch, 0, error)
    executor = LocalExecutor(TENSORS, SCHEDULE)
    n_weights = count_layer_parameters(list_layers(executor.shape_of(JOB.configurations[0]).net))
    with pytest.raises(StudyError) as caught:
        executor.train(JOB)
    assert tried == [8, 4, 2, 1]
    assert caught.value.message.startswith(
        f"memory ran out for a single network of {n_weights:,} weights on examples of "
    )
    assert re.search(request_, caught.value.message)
    assert f"[ladder] largest = {n_weights // 2} in heldout.toml" in caught.value.hint
    assert "--resume" in caught.value.hint
    assert caught.value.__cause__ is error


def test_other_failures_are_not_taken_for_a_lack_of_memory(monkeypatch):
    tried = fail_above(monkeypatch, 0, jax.errors.JaxRuntimeError("INTERNAL: broken"))
    with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL: broken"):
        LocalExecutor(TENSORS, SCHEDULE).train(JOB)
    assert tried == [8]


def test_this_machine_repeats_a_training_bit_for_bit():
    assert LocalExecutor(TENSORS, SCHEDULE).check_repeats(CONFIGURATIONS[0]) == ""


def test_a_machine_that_does_not_repeat_itself_is_told_of(monkeypatch):
    real, turn = local.run_members, iter((0.0, 1e-7))

    def run(*given, **others):
        results, change = real(*given, **others), next(turn)
        return replace(results, params=jax.tree.map(lambda array: array + np.float32(change), results.params))

    monkeypatch.setattr(local, "run_members", run)
    sentence = LocalExecutor(TENSORS, SCHEDULE).check_repeats(CONFIGURATIONS[0])
    assert "does not repeat a computation bit for bit" in sentence


class Diary:
    """Writes down the curves that are recorded."""

    def __init__(self):
        self.lines = []

    def __call__(self, phase, configuration, spec, *, curves, share):
        self.lines.append((phase, configuration.name, spec.seed, spec.fold, curves, share))


def test_every_network_of_a_job_has_its_curves_recorded_once(wanted):
    diary = Diary()
    LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(record=diary)).train(JOB)
    names = [line[:4] for line in diary.lines]
    assert names == [
        ("remedies", c.name, seed, fold) for c in CONFIGURATIONS for seed in SEEDS for fold in range(2)
    ]
    for run in wanted:  # weighted over folds, the recorded curves are the run's
        for place, seed in enumerate(SEEDS):
            mine = [line for line in diary.lines if line[1:3] == (run.configuration.name, seed)]
            pooled = sum(line[4][:, 1] * line[5] for line in mine)
            np.testing.assert_allclose(pooled, run.validation_curve[place], rtol=1e-5)
            assert sum(line[5] for line in mine) == pytest.approx(1)


def test_what_is_no_job_is_not_recorded():
    diary = Diary()
    executor = LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(record=diary))
    entries = [(CONFIGURATIONS[0], MemberSpec(CONFIGURATIONS[0].hyper, 4, 0))]
    assert len(list(executor.run_entries(entries))) == 1
    executor.train(replace(JOB, configurations=CONFIGURATIONS[:1]))
    n_recorded = len(diary.lines)
    assert len(list(executor.run_entries(entries))) == 1
    assert len(diary.lines) == n_recorded == N_MEMBERS


def test_a_long_training_records_its_curves_on_the_way(monkeypatch):
    monkeypatch.setattr(local, "LONGEST_CALL_SECONDS", 0.0)
    diary = Diary()
    job = Job("ladder", CONFIGURATIONS[:1], SEEDS[:1])
    LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(record=diary)).train(job)
    first = [line[4] for line in diary.lines if line[2:4] == (SEEDS[0], 0)]
    assert [int(np.isfinite(curves[:, 1]).sum()) for curves in first] == [*CHECKPOINTS, CHECKPOINTS[-1]]


def test_recording_changes_no_number(wanted):
    assert_same_runs(LocalExecutor(TENSORS, SCHEDULE, around=Surroundings(record=Diary())).train(JOB), wanted)


@pytest.mark.skipif(count_devices() < 2, reason="one device")
def test_a_device_that_computes_other_bits_is_told_of(monkeypatch):
    real = local.run_members

    def run(*given, **others):
        results = real(*given, **others)
        on_second = np.arange(len(results.alive)) > 0

        def change(array):
            return array + np.float32(1e-7) * on_second.reshape(-1, *(1,) * (array.ndim - 1)).astype(
                np.float32
            )

        return replace(results, params=jax.tree.map(change, results.params))

    monkeypatch.setattr(local, "run_members", run)
    sentence = LocalExecutor(TENSORS, SCHEDULE).check_repeats(CONFIGURATIONS[0])
    assert "does not repeat a computation bit for bit" in sentence
