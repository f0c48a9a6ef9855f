"""Runs trainings on this machine's devices, group by group, keeping what is done."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import jax
import numpy as np

from heldout.errors import StudyError
from heldout.executors.pace import Offer, Pace
from heldout.ladder import Schedule, make_net
from heldout.nets import Net, count_embedded, count_layer_parameters, count_products, list_layers
from heldout.plan import member_seconds
from heldout.records import Configuration, ConfigurationRun, FloatArray, InputLayout, Tensors
from heldout.remedies.augmentation import find_kinds, list_augmenters
from heldout.train.assemble import assemble_run, join_results, take_member
from heldout.train.member import Data, Shape
from heldout.train.program import (
    Layout,
    MemberResults,
    MemberSpec,
    Watch,
    compile_program,
    count_devices,
    cut_units,
    group_size,
    plan_layout,
    put_data,
    run_members,
)

LONGEST_CALL_SECONDS = 3.0  # the program returns at least so often, so that a stop is answered soon
PLACE_BYTES = 256_000_000  # of weights and moments that the places of one device may hold
COPIES = 6  # weights and two moments, on the device and on their way there
FINAL_RATE = 0.1  # share of the learning rate left at the last epoch (see docs/engine.md for the measurement)


class CurveRecord(Protocol):
    """Where the curves of a network are noted as soon as they are known; must return at once."""

    def __call__(
        self, phase: str, configuration: Configuration, spec: MemberSpec, *, curves: FloatArray, share: float
    ) -> None:
        """Take what one network has learned so far.

        Args:
            phase: name of the job.
            configuration: what is trained.
            spec: seed and fold.
            curves: float32 [T, 2], training and validation loss per epoch in common units, NaN where not run.
            share: share of its fold among the validation rows of all folds.
        """
        ...


class RunStore(Protocol):
    """Where finished configurations are kept between two starts of the same study."""

    def load(self, key: str, configuration: Configuration) -> ConfigurationRun | None:
        """Give the stored run, or None if it is not there or damaged."""
        ...

    def save(self, key: str, run: ConfigurationRun) -> None:
        """Keep a finished run."""
        ...


def _count_weights(net: Net) -> int:
    return count_layer_parameters(list_layers(net))


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


@dataclass(frozen=True)
class Surroundings:
    """What an executor tells and asks while it trains; by default nothing.

    Args:
        store: where finished runs are kept, or None.
        report: called with (phase, done, total) networks.
        check_stop: called between groups; raises `StudyInterrupted` where a stop was asked for.
        say: called with a sentence where something had to be done otherwise than planned.
        record: called with the curves of each network of a job, of a long training also at its checkpoints.
    """

    store: RunStore | None = None
    report: Callable[[str, int, int], None] = lambda phase, done, total: None
    check_stop: Callable[[], None] = lambda: None
    say: Callable[[str], None] = lambda sentence: None
    record: CurveRecord | None = None


class LocalExecutor:
    """Trains configurations on the local devices.

    Args:
        tensors: arrays of the study.
        schedule: steps and epochs.
        around: what is told and asked on the way.
        targets: float32 [P, K, N], other target variants; the real target when left out.
        shapes: widths of a rung -> widths of the program it runs in (`plan.bucket_widths`); its own when absent.
    """

    def __init__(
        self,
        tensors: Tensors,
        schedule: Schedule,
        *,
        around: Surroundings | None = None,
        targets: FloatArray | None = None,
        shapes: Mapping[tuple[int, ...], tuple[int, ...]] | None = None,
    ) -> None:
        self.tensors = tensors
        self.schedule = schedule
        self._around = around or Surroundings()
        self._shapes = dict(shapes or {})
        self._inputs = tensors.layout or InputLayout("numbers", tensors.features.shape[2:])
        self.report = self._around.report
        self._data: Data = put_data(tensors, targets=targets)
        self._compiled: set[Shape] = set()
        self.layout = plan_layout()
        self._phase = ""
        self.n_trained = 0
        self.training_seconds: dict[str, float] = {}
        self._pace = Pace()

    def net_of(self, configuration: Configuration) -> Net:
        """Give the network of a configuration in its own size."""
        return make_net(configuration.rung, self._inputs, self.tensors.n_outputs)

    def shape_of(self, configuration: Configuration) -> Shape:
        """Give the compiled shape of a configuration."""
        own = self.net_of(configuration)
        # all augmenters of such data in one program: plain trainings need not wait for their compilation
        augments = bool(configuration.hyper.augmentation)
        kinds = find_kinds(self._inputs)
        return Shape(
            net=replace(own, widths=self._shapes.get(own.widths, own.widths)),
            task=self.tensors.task,
            batch_size=self.schedule.batch_size,
            n_steps=self.schedule.n_steps,
            n_epochs=self.schedule.n_epochs,
            final_rate=FINAL_RATE,
            augmenters=list_augmenters(self._inputs.kind, kinds) if augments else (),
            layout=self._inputs if augments else None,
        )

    def layout_of(self, shape: Shape) -> Layout:
        """Give the layout of a program: fewer places where the weights of a network are many.

        It follows from the shape alone, so that a plan gives the same programs on every machine; where networks are
        mapped, the number of places changes no bit.
        """
        n_bytes = COPIES * 4 * _count_weights(shape.net)
        return replace(self.layout, places=int(np.clip(PLACE_BYTES // n_bytes, 1, self.layout.places)))

    def train(self, job: Job, *, deadline: float | None = None) -> tuple[ConfigurationRun, ...]:
        """Train all configurations of a job; those in the store are read instead.

        Args:
            job: what to train.
            deadline: monotonic time; no configuration is begun that is not expected to be done by then (those missing
                are left out).

        Raises:
            StudyInterrupted: a stop was requested; finished configurations are in the store.
        """
        n_folds = len(self.tensors.fit_rows)
        found = {c.name: run for c in job.configurations if (run := self._load(job, c)) is not None}
        missing = [c for c in job.configurations if c.name not in found]
        specs = [(seed, fold) for seed in job.seeds for fold in range(n_folds)]
        if deadline is not None:
            missing = self._afford(
                missing, len(specs), deadline - time.monotonic(), least=job.least - len(found)
            )
        self.compile(missing)
        entries = [(c, MemberSpec(c.hyper, seed, fold)) for c in missing for seed, fold in specs]
        total, before = len(job.configurations) * len(specs), len(found) * len(specs)
        waiting: list[MemberResults] = []
        self._phase = job.phase
        for index, (configuration, results) in enumerate(self.run_entries(entries)):
            waiting.append(results)
            self._note_curves(entries[index : index + 1], results)
            self.report(job.phase, before + index + 1, total)
            if len(waiting) == len(specs):
                found[configuration.name] = self._keep(job, configuration, join_results(waiting))
                waiting = []
                following = entries[index + 1 :][:1]
                if deadline is not None and following and len(found) >= job.least:
                    expected = self.expect(following[0][0], len(specs))
                    if time.monotonic() + expected > deadline:
                        break
        self._phase = ""
        return tuple(found[c.name] for c in job.configurations if c.name in found)

    def expect(self, configuration: Configuration, n_networks: int) -> float:
        """Give the seconds that so many networks will take, at the pace of those trained so far; without compiling."""
        return self._pace.expect(n_networks * self._seconds(configuration))

    def _afford(
        self, missing: Sequence[Configuration], n_networks: int, seconds: float, *, least: int
    ) -> list[Configuration]:
        """Those that are expected to be done in time, compiling included, and the first `least` in any case."""
        offers = []
        for one in missing:
            shape = self.shape_of(one)
            cost = n_networks * self._seconds(one)
            offers.append(Offer(cost, shape, augments=bool(shape.augmenters), is_optional=bool(one.remedies)))
        kept = self._pace.count_affordable(offers, seconds, least=least, there=self._compiled)
        return [missing[place] for place in kept]

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
            self._around.check_stop()
            begun = time.monotonic()
            results = self._run_group(shape, group)
            share = (time.monotonic() - begun) / len(group)
            for place, (owner, _) in enumerate(group):
                self.training_seconds[owner.name] = self.training_seconds.get(owner.name, 0.0) + share
                yield owner, cut_units(take_member(results, place), self.net_of(owner))
            first += len(group)

    def train_members(
        self,
        configuration: Configuration,
        specs: Sequence[MemberSpec],
        *,
        ends: tuple[int, ...] | None = None,
        watch: Watch | None = None,
        progress: Callable[[int], None] = lambda done: None,
    ) -> MemberResults:
        """Train networks of one configuration in groups; see `run_members` for `ends` and `watch`."""
        shape, size = self.shape_of(configuration), self._group_members(configuration)
        groups = []
        for first in range(0, len(specs), size):
            self._around.check_stop()
            group = [(configuration, spec) for spec in specs[first : first + size]]
            groups.append(self._run_group(shape, group, ends=ends, watch=watch))
            progress(first + len(group))
        return cut_units(join_results(groups), self.net_of(configuration))

    def _run_group(
        self,
        shape: Shape,
        group: Sequence[tuple[Configuration, MemberSpec]],
        *,
        ends: tuple[int, ...] | None = None,
        watch: Watch | None = None,
    ) -> MemberResults:
        done: list[MemberResults] = []
        first, begun = 0, time.monotonic()
        while first < len(group):  # more than one round only after memory ran out
            part = group[first : first + group_size(self.layout_of(shape))]
            try:
                done.append(self._run_part(shape, part, ends=ends, watch=watch))
            except (MemoryError, jax.errors.JaxRuntimeError) as error:
                self._halve(error, shape)
                continue
            first += len(part)
        self.n_trained += len(group)
        self._pace.spent += time.monotonic() - begun
        self._pace.estimated += sum(self._seconds(configuration) for configuration, _ in group)
        return done[0] if len(done) == 1 else join_results(done)

    def _run_part(
        self,
        shape: Shape,
        part: Sequence[tuple[Configuration, MemberSpec]],
        *,
        ends: tuple[int, ...] | None,
        watch: Watch | None,
    ) -> MemberResults:
        return run_members(
            shape,
            [replace(spec, net=self.net_of(configuration)) for configuration, spec in part],
            self._data,
            self.schedule.checkpoints,
            ends=ends,
            watch=self._poll(part, watch),
            layout=self.layout_of(shape),
        )

    def _halve(self, error: Exception, shape: Shape) -> None:
        """Take half as many networks at once after memory ran out; any other failure is passed on.

        The numbers stay the same where networks are computed one after the other; where they are stacked, they may
        differ in the last digits, which the note says.

        Raises:
            StudyError: a single network does not fit either.
        """
        is_memory = isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)
        if not is_memory:
            raise error
        if self.layout_of(shape).places == 1:
            raise self._refuse_size(error, shape) from error
        self.layout = replace(self.layout, places=self.layout.places // 2)
        self._compiled.clear()
        self._around.say(
            f"memory ran out: {group_size(self.layout)} networks at once from here on, half as many as before"
            + ("; their last digits may differ from those before" if self.layout.stacked else "")
        )

    def _refuse_size(self, error: Exception, shape: Shape) -> StudyError:
        """Say how much memory one network asked for, and what makes it smaller."""
        n_weights = _count_weights(shape.net)
        data = sum(array.nbytes for array in jax.tree.leaves(self._data))
        asked = re.search(r"allocat\w+\s+([\d.]+\s*[KMGT]?i?(?:B|bytes?))", str(error))
        request = f"; the request that failed was for {asked[1]}" if asked else ""
        example = "x".join(map(str, self._inputs.shape))
        smaller = f"[ladder] largest = {n_weights // 2} in heldout.toml leaves this size out"
        others = "--side makes pictures smaller; " if self._inputs.kind in ("picture", "joined") else ""
        return StudyError(
            f"memory ran out for a single network of {n_weights:,} weights on examples of {example} (one a device is "
            f"the least): weights and Adam's moments alone take {COPIES * 4 * n_weights / 1e6:,.0f} MB, the data "
            f"{data / 1e6:,.0f} MB{request}",
            hint=f"{smaller}; {others}fewer rows or columns, or a device with more memory (what is done is kept: "
            "--resume)",
        )

    def check_repeats(self, configuration: Configuration) -> str:
        """Train one network twice on every device to its first checkpoint and compare the bits.

        Returns:
            "" when all agree, else a sentence for the report: what follows is then equal within tolerance only.
        """
        specs = [MemberSpec(configuration.hyper, 0, 0)] * count_devices()
        first = self.schedule.checkpoints[:1]
        one, other = (
            jax.tree.leaves(self.train_members(configuration, specs, ends=first).params) for _ in range(2)
        )
        pairs = zip((*one, *other), (*one, *one), strict=True)
        if all(np.array_equal(a, np.broadcast_to(b[:1], a.shape), equal_nan=True) for a, b in pairs):
            return ""
        return (
            "this machine does not repeat a computation bit for bit (one training run twice gave other last digits): "
            "a repetition of the study agrees within tolerance only"
        )

    def _keep(self, job: Job, configuration: Configuration, results: MemberResults) -> ConfigurationRun:
        run = assemble_run(configuration, results, self.tensors, self.schedule.checkpoints, len(job.seeds))
        if self._around.store is not None:
            self._around.store.save(job.phase, run)
        return run

    def _load(self, job: Job, configuration: Configuration) -> ConfigurationRun | None:
        return None if self._around.store is None else self._around.store.load(job.phase, configuration)

    def compile(self, configurations: Sequence[Configuration]) -> None:
        """Compile all programs that are needed and not there yet, one a core at a time."""
        shapes = {self.shape_of(configuration): None for configuration in configurations}
        while missing := [shape for shape in shapes if shape not in self._compiled]:
            try:
                with ThreadPoolExecutor(max(1, count_devices())) as pool:
                    list(pool.map(self._compile_shape, missing))
            except (MemoryError, jax.errors.JaxRuntimeError) as error:
                self._halve(error, max(missing, key=lambda shape: _count_weights(shape.net)))
                continue
            self._compiled.update(missing)

    def _compile_shape(self, shape: Shape) -> None:
        begun = time.monotonic()
        compile_program(shape, self._data, self.schedule.checkpoints, layout=self.layout_of(shape))
        self._pace.compiled = max(self._pace.compiled, time.monotonic() - begun)

    def _seconds(self, configuration: Configuration) -> float:
        net = self.shape_of(configuration).net
        n_evaluated = 2 * self.tensors.validation_rows.shape[1]
        products = count_products(list_layers(net))
        return member_seconds(products, self.schedule, n_evaluated, n_embedded=count_embedded(net))

    def _group_members(self, configuration: Configuration) -> int:
        most = self.layout_of(self.shape_of(configuration)).places
        return int(np.clip(LONGEST_CALL_SECONDS / self._seconds(configuration), 1, most)) * count_devices()

    def _poll(self, part: Sequence[tuple[Configuration, MemberSpec]], watch: Watch | None) -> Watch | None:
        """Look for a stop inside long trainings too, and note their curves; short ones are polled between groups."""
        if watch is None and self._seconds(part[0][0]) <= LONGEST_CALL_SECONDS:
            return None

        def look(epoch: int, results: MemberResults) -> bool:
            self._around.check_stop()
            if watch is None:  # delivered networks are watched, and are no part of a comparison
                self._note_curves(part, results)
            return watch is not None and watch(epoch, results)

        return look

    def _note_curves(self, part: Sequence[tuple[Configuration, MemberSpec]], results: MemberResults) -> None:
        """Hand on the curves of some networks of a job; the search for learning rates is none."""
        if self._around.record is None or not self._phase:
            return
        scale, sizes = np.square(self.tensors.target_scale), self.tensors.validation_mask.sum(axis=1)
        for place, (configuration, spec) in enumerate(part):
            curves = (results.curves[place] * scale[spec.fold]).astype(np.float32)
            share = float(sizes[spec.fold] / sizes.sum())
            self._around.record(self._phase, configuration, spec, curves=curves, share=share)
