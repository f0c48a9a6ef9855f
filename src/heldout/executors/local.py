"""Runs trainings on this machine's devices, group by group, keeping what is done."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from heldout.ladder import Schedule
from heldout.nets import count_parameters
from heldout.plan import member_seconds
from heldout.records import Configuration, ConfigurationRun, FloatArray, Tensors
from heldout.train.assemble import assemble_run, join_results, take_member
from heldout.train.member import Data, Shape
from heldout.train.program import (
    MemberResults,
    MemberSpec,
    Watch,
    compile_program,
    count_devices,
    cut_units,
    group_size,
    put_data,
    run_members,
)

LONGEST_CALL_SECONDS = 3.0  # the program returns at least so often, so that a stop is answered soon
FINAL_RATE = 0.1  # share of the learning rate left at the last epoch (see docs/engine.md for the measurement)


class RunStore(Protocol):
    """Where finished configurations are kept between two starts of the same study."""

    def load(self, key: str, configuration: Configuration) -> ConfigurationRun | None:
        """Give the stored run, or None if it is not there or damaged."""
        ...

    def save(self, key: str, run: ConfigurationRun) -> None:
        """Keep a finished run."""
        ...


@dataclass(frozen=True)
class Job:
    """Configurations to train with the same seeds.

    Args:
        phase: name for progress and storage, e.g. "ladder".
        configurations: what to train.
        seeds: seed numbers.
        least: so many configurations are trained whatever the deadline.
    """

    phase: str
    configurations: tuple[Configuration, ...]
    seeds: tuple[int, ...]
    least: int = 0


class LocalExecutor:
    """Trains configurations on the local devices.

    Args:
        tensors: arrays of the study.
        schedule: steps and epochs.
        store: where finished runs are kept, or None.
        report: called with (phase, done, total) networks.
        check_stop: called between groups; raises `StudyInterrupted` where a stop was asked for.
        targets: float32 [P, K, N], other target variants; the real target when left out.
        shapes: widths of a rung -> widths of the program it runs in (`plan.bucket_widths`); its own when absent.
    """

    def __init__(
        self,
        tensors: Tensors,
        schedule: Schedule,
        *,
        store: RunStore | None = None,
        report: Callable[[str, int, int], None] = lambda phase, done, total: None,
        check_stop: Callable[[], None] = lambda: None,
        targets: FloatArray | None = None,
        shapes: Mapping[tuple[int, ...], tuple[int, ...]] | None = None,
    ) -> None:
        self.tensors = tensors
        self.schedule = schedule
        self._store = store
        self._shapes = dict(shapes or {})
        self.report = report
        self._check_stop = check_stop
        self._data: Data = put_data(tensors, targets=targets)
        self._compiled: set[Shape] = set()
        self.n_trained = 0
        self.training_seconds: dict[str, float] = {}

    def shape_of(self, configuration: Configuration) -> Shape:
        """Give the compiled shape of a configuration."""
        return Shape(
            n_inputs=self.tensors.features.shape[2],
            widths=self._shapes.get(configuration.rung.widths, configuration.rung.widths),
            n_outputs=self.tensors.n_outputs,
            task=self.tensors.task,
            batch_size=self.schedule.batch_size,
            n_steps=self.schedule.n_steps,
            n_epochs=self.schedule.n_epochs,
            final_rate=FINAL_RATE,
        )

    def train(self, job: Job, *, deadline: float | None = None) -> tuple[ConfigurationRun, ...]:
        """Train all configurations of a job; those in the store are read instead.

        Args:
            job: what to train.
            deadline: monotonic time after which no further configuration is begun (those missing are left out).

        Raises:
            StudyInterrupted: a stop was requested; finished configurations are in the store.
        """
        n_folds = len(self.tensors.fit_rows)
        found = {c.name: run for c in job.configurations if (run := self._load(job, c)) is not None}
        missing = [c for c in job.configurations if c.name not in found]
        if deadline is not None and time.monotonic() > deadline:
            missing = missing[: max(0, job.least - len(found))]
        self.compile(missing)
        specs = [(seed, fold) for seed in job.seeds for fold in range(n_folds)]
        entries = [(c, MemberSpec(c.hyper, seed, fold)) for c in missing for seed, fold in specs]
        total, before = len(job.configurations) * len(specs), len(found) * len(specs)
        waiting: list[MemberResults] = []
        for index, (configuration, results) in enumerate(self.run_entries(entries)):
            waiting.append(results)
            self.report(job.phase, before + index + 1, total)
            if len(waiting) == len(specs):
                found[configuration.name] = self._keep(job, configuration, join_results(waiting))
                waiting = []
                if deadline is not None and time.monotonic() > deadline and len(found) >= job.least:
                    break
        return tuple(found[c.name] for c in job.configurations if c.name in found)

    def run_entries(
        self, entries: Sequence[tuple[Configuration, MemberSpec]]
    ) -> Iterator[tuple[Configuration, MemberResults]]:
        """Train single networks in groups that fill all devices, and give them one by one in the order given.

        Neighbours that share a program share a group, whatever configuration they belong to.
        """
        first = 0
        while first < len(entries):
            configuration = entries[first][0]
            shape, size = self.shape_of(configuration), self._group_members(configuration)
            near = entries[first : first + size]
            group = list(
                itertools.takewhile(lambda entry, shape=shape: self.shape_of(entry[0]) == shape, near)
            )
            self._check_stop()
            begun = time.monotonic()
            results = self._run_group(shape, group)
            share = (time.monotonic() - begun) / len(group)
            for place, (owner, _) in enumerate(group):
                self.training_seconds[owner.name] = self.training_seconds.get(owner.name, 0.0) + share
                yield owner, cut_units(take_member(results, place), owner.rung.widths)
            first += len(group)

    def train_members(
        self,
        configuration: Configuration,
        specs: Sequence[MemberSpec],
        *,
        stop_at: int | None = None,
        watch: Watch | None = None,
        progress: Callable[[int], None] = lambda done: None,
    ) -> MemberResults:
        """Train networks of one configuration in groups; see `run_members` for `stop_at` and `watch`."""
        shape, size = self.shape_of(configuration), self._group_members(configuration)
        groups = []
        for first in range(0, len(specs), size):
            self._check_stop()
            group = [(configuration, spec) for spec in specs[first : first + size]]
            groups.append(self._run_group(shape, group, stop_at=stop_at, watch=watch))
            progress(first + len(group))
        return cut_units(join_results(groups), configuration.rung.widths)

    def _run_group(
        self,
        shape: Shape,
        group: Sequence[tuple[Configuration, MemberSpec]],
        *,
        stop_at: int | None = None,
        watch: Watch | None = None,
    ) -> MemberResults:
        specs = [replace(spec, widths=configuration.rung.widths) for configuration, spec in group]
        watch = self._poll(group[0][0], watch)
        self.n_trained += len(specs)
        return run_members(shape, specs, self._data, self.schedule.checkpoints, stop_at=stop_at, watch=watch)

    def _keep(self, job: Job, configuration: Configuration, results: MemberResults) -> ConfigurationRun:
        run = assemble_run(configuration, results, self.tensors, self.schedule.checkpoints, len(job.seeds))
        if self._store is not None:
            self._store.save(job.phase, run)
        return run

    def _load(self, job: Job, configuration: Configuration) -> ConfigurationRun | None:
        return None if self._store is None else self._store.load(job.phase, configuration)

    def compile(self, configurations: Sequence[Configuration]) -> None:
        """Compile all programs that are needed and not there yet, one a core at a time."""
        shapes = {self.shape_of(configuration): None for configuration in configurations}
        missing = [shape for shape in shapes if shape not in self._compiled]
        with ThreadPoolExecutor(max(1, count_devices())) as pool:
            list(
                pool.map(lambda shape: compile_program(shape, self._data, self.schedule.checkpoints), missing)
            )
        self._compiled.update(missing)

    def _seconds(self, configuration: Configuration) -> float:
        shape = self.shape_of(configuration)
        size = count_parameters(shape.n_inputs, shape.widths, shape.n_outputs)
        n_evaluated = 2 * self.tensors.validation_rows.shape[1]
        return member_seconds(replace(configuration.rung, n_parameters=size), self.schedule, n_evaluated)

    def _group_members(self, configuration: Configuration) -> int:
        rounds = int(
            np.clip(LONGEST_CALL_SECONDS / self._seconds(configuration), 1, group_size() // count_devices())
        )
        return rounds * count_devices()

    def _poll(self, configuration: Configuration, watch: Watch | None) -> Watch | None:
        """Look for a stop inside long trainings too; short ones are polled between groups."""
        if watch is None and self._seconds(configuration) <= LONGEST_CALL_SECONDS:
            return None

        def look(index: int, results: MemberResults) -> bool:
            self._check_stop()
            return watch is not None and watch(index, results)

        return look
