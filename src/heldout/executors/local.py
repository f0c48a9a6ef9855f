"""Runs trainings on this machine's devices, group by group, keeping what is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from heldout.ladder import Schedule
from heldout.plan import member_seconds
from heldout.records import Configuration, ConfigurationRun, FloatArray, Tensors
from heldout.train.assemble import assemble_run, join_results
from heldout.train.member import Data, Shape
from heldout.train.program import (
    MemberResults,
    MemberSpec,
    Watch,
    compile_program,
    count_devices,
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
    """

    phase: str
    configurations: tuple[Configuration, ...]
    seeds: tuple[int, ...]


class LocalExecutor:
    """Trains configurations on the local devices.

    Args:
        tensors: arrays of the study.
        schedule: steps and epochs.
        store: where finished runs are kept, or None.
        report: called with (phase, done, total) networks.
        check_stop: called between groups; raises `StudyInterrupted` where a stop was asked for.
        targets: float32 [P, K, N], other target variants; the real target when left out.
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
    ) -> None:
        self.tensors = tensors
        self.schedule = schedule
        self._store = store
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
            widths=configuration.rung.widths,
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
        total = len(job.configurations) * len(job.seeds) * n_folds
        runs: list[ConfigurationRun] = []
        stored = [self._load(job, configuration) for configuration in job.configurations]
        self.compile([c for c, run in zip(job.configurations, stored, strict=True) if run is None])
        for configuration, run in zip(job.configurations, stored, strict=True):
            if run is None and deadline is not None and time.monotonic() > deadline:
                break
            runs.append(run or self._train_one(job, configuration, total, len(runs)))
            self.report(job.phase, len(runs) * len(job.seeds) * n_folds, total)
        return tuple(runs)

    def train_members(
        self,
        configuration: Configuration,
        specs: Sequence[MemberSpec],
        *,
        stop_at: int | None = None,
        watch: Watch | None = None,
        progress: Callable[[int], None] = lambda done: None,
    ) -> MemberResults:
        """Train single members in groups; see `run_members` for `stop_at` and `watch`."""
        shape = self.shape_of(configuration)
        size = self._group_members(configuration)
        groups = []
        for first in range(0, len(specs), size):
            self._check_stop()
            group = specs[first : first + size]
            groups.append(
                run_members(
                    shape,
                    group,
                    self._data,
                    self.schedule.checkpoints,
                    stop_at=stop_at,
                    watch=watch or self._poll(configuration),
                )
            )
            self.n_trained += len(group)
            progress(first + len(group))
        return join_results(groups)

    def _train_one(
        self, job: Job, configuration: Configuration, total: int, n_before: int
    ) -> ConfigurationRun:
        n_folds = len(self.tensors.fit_rows)
        begun = time.monotonic()
        specs = [MemberSpec(configuration.hyper, seed, fold) for seed in job.seeds for fold in range(n_folds)]
        before = n_before * len(specs)
        results = self.train_members(
            configuration, specs, progress=lambda done: self.report(job.phase, before + done, total)
        )
        run = assemble_run(configuration, results, self.tensors, self.schedule.checkpoints, len(job.seeds))
        self.training_seconds[configuration.name] = time.monotonic() - begun
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
        n_evaluated = 2 * self.tensors.validation_rows.shape[1]
        return member_seconds(configuration.rung, self.schedule, n_evaluated)

    def _group_members(self, configuration: Configuration) -> int:
        rounds = int(
            np.clip(LONGEST_CALL_SECONDS / self._seconds(configuration), 1, group_size() // count_devices())
        )
        return rounds * count_devices()

    def _poll(self, configuration: Configuration) -> Watch | None:
        """Watch for a stop inside long trainings only; short ones are polled between groups."""
        if self._seconds(configuration) <= LONGEST_CALL_SECONDS:
            return None

        def watch(index: int, results: MemberResults) -> bool:
            self._check_stop()
            return False

        return watch
