"""Where a study runs: its locked folder, its events, its clock, and the executor it trains with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from heldout.events import Events
from heldout.executors import LocalExecutor, Surroundings
from heldout.folder import StudyFolder
from heldout.ladder import Schedule
from heldout.records import Configuration, FloatArray, Tensors
from heldout.remedies import name_use
from heldout.signals import stop_if_requested
from heldout.stages.rebuilding import read_events
from heldout.stages.store import FolderStore
from heldout.train.program import MemberSpec

Shapes = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
# Parts of the budget after which ladder and remedies begin nothing new; delivery, groups and test need the rest
# (assumption).
LADDER_SHARE, REMEDY_SHARE = 0.55, 0.80
END_SECONDS = 5.0  # baselines, groups, test and report of a small study (measured: 1 to 4 s)


@dataclass
class Workplace:
    """The surroundings of one study.

    Args:
        folder: the locked study folder.
        events: sink of everything that happens.
        identity: text that changes with anything the results depend on.
        started: monotonic time of the start.
        budget_seconds: limit of the whole study, 0 for none.
        seconds: time of each part so far, by its name.
        left_out: configurations that the budget cut.
        reserved: seconds that what comes after the comparison is expected to take: delivery, test, report.
        notes: what was done otherwise than planned, one sentence each.
    """

    folder: StudyFolder
    events: Events
    identity: str
    started: float = field(default_factory=time.monotonic)
    budget_seconds: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    reserved: float = END_SECONDS
    notes: list[str] = field(default_factory=list)
    _phase: str = ""
    _executors: list[LocalExecutor] = field(default_factory=list)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure the time of one part of the study under a name for people."""
        begun = time.monotonic()
        self.events.start_phase(name)
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begun

    def report(self, phase: str, done: int, total: int) -> None:
        """Show progress of a training phase."""
        if phase != self._phase:
            self._phase = phase
            self.events.start_phase(phase, total=total)
        self.events.advance(done)

    def record(
        self, phase: str, configuration: Configuration, spec: MemberSpec, *, curves: FloatArray, share: float
    ) -> None:
        """Keep the curves of one network in the events, one line of the file, for whoever watches."""
        rung = configuration.rung
        self.events.keep(
            "curves",
            phase=phase,
            configuration=configuration.name,
            rung=rung.index,
            weights=rung.n_parameters,
            remedies=[name_use(use) for use in configuration.remedies],
            seed=spec.seed,
            fold=spec.fold,
            share=round(share, 6),
            train=round_losses(curves[:, 0]),
            validation=round_losses(curves[:, 1]),
        )

    def make_executor(
        self,
        tensors: Tensors,
        schedule: Schedule,
        *,
        targets: FloatArray | None = None,
        kept: bool = True,
        shapes: Shapes = (),
    ) -> LocalExecutor:
        """Build an executor that reports here, keeps finished runs in the folder and stops on request."""
        around = Surroundings(
            store=FolderStore(self.folder, self.identity) if kept else None,
            report=self.report,
            check_stop=stop_if_requested,
            say=self.note,
            record=self.record if kept and targets is None else None,
        )
        executor = LocalExecutor(tensors, schedule, around=around, targets=targets, shapes=dict(shapes))
        self._executors.append(executor)
        return executor

    def note(self, sentence: str) -> None:
        """Say, now and in the report, that something was done otherwise than planned."""
        self.notes.append(sentence)
        self.events.say(sentence)

    @property
    def n_networks(self) -> int:
        """Networks trained by this process."""
        return sum(executor.n_trained for executor in self._executors)

    @property
    def n_starts(self) -> int:
        """How often this study was begun or resumed, this time included: clocks and counts here are of this time."""
        if not self.folder.resumed:
            return 1
        begun = sum(event.get("kind") == "begin" for event in read_events(self.folder.path))
        return max(2, begun)  # an earlier start there was, even if its events are gone

    @property
    def run_seconds(self) -> dict[str, float]:
        """Seconds that each configuration's training took, by its name; the ladder's own executor, the first, wins."""
        return {
            name: value
            for executor in reversed(self._executors)
            for name, value in executor.training_seconds.items()
        }

    def deadline(self, share: float) -> float | None:
        """Give the monotonic time at which a share of the budget is used up, or None without a budget.

        What the end of the study is expected to take is kept free.
        """
        if not self.budget_seconds:
            return None
        return self.started + min(share * self.budget_seconds, self.budget_seconds - self.reserved)

    def can_afford(self, phase: str, seconds: float) -> bool:
        """Whether a part that can be left out still fits into the budget; what a first start left out stays so."""
        if self.read_cut(phase) is not None:
            return False
        deadline = self.deadline(1.0)
        if deadline is None or time.monotonic() + seconds <= deadline:
            return True
        self.write_cut(phase, [])
        return False

    def read_cut(self, phase: str) -> frozenset[str] | None:
        """Give the configurations that an earlier start of this study left out of a phase, or None if it cut none."""
        name = f"cut-{phase}.json"
        if not self.folder.has(name):
            return None
        left_out = self.folder.read_json(name)["left_out"]
        self.left_out.extend(left_out)
        return frozenset(left_out)

    def write_cut(self, phase: str, left_out: list[str]) -> None:
        """Record that the budget ended a phase early, so that a resumed study gives the same bits."""
        self.folder.write_json(f"cut-{phase}.json", {"left_out": left_out})
        self.left_out.extend(left_out)
        if left_out:
            self.events.say(
                f"the budget ended early: of {phase}, {len(left_out)} configurations were left out"
            )


def round_losses(losses: FloatArray) -> list[float]:
    """Losses with four significant digits, enough for any picture and a third of the bytes.

    Args:
        losses: float32 [T]; NaN (not run, diverged) stays NaN.

    Example:
        >>> import numpy as np
        >>> round_losses(np.array([0.693147, 1234.5678, np.nan], np.float32))
        [0.6931, 1235.0, nan]
    """
    return [float(f"{loss:.4g}") for loss in losses.tolist()]
