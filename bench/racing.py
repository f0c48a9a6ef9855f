"""What racing costs and what it gives away: the raced study against the one that trains everything.

python bench/racing.py --folder F [--made 20] [--tables 12] [--rows 1000] [--change NAME ...]

Each draw has fit rows, validation rows and fresh rows that stand for the population. The exhaustive study (three
learning rates and all seeds at every rung, all seeds at every strength) and the raced one read the same trained
networks, kept in the folder one file a network, so that both choices come from one training and a stopped benchmark
goes on where it was. The regret is the loss on fresh rows of the raced choice less that of the exhaustive one.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from racing_draws import Draw, list_made, list_tables
from shared import describe_machine, print_table

from heldout.evidence import choose
from heldout.executors import LocalExecutor
from heldout.executors.local import Job
from heldout.ladder import list_rates
from heldout.nets import count_products, list_layers
from heldout.plan import COMPILE_SECONDS, Plan, Sizes, make_plan, member_seconds
from heldout.records import Choice, Configuration, ConfigurationRun, JudgeSettings, RemedyResult, Rung
from heldout.remedies import apply_remedies
from heldout.settings import Settings
from heldout.stages import judging, training
from heldout.stages.training import Crew, Trained, find_remedy_rung
from heldout.stages.workplace import Workplace
from heldout.train.device import prepare_device
from heldout.train.member import Shape
from heldout.train.program import MemberResults, MemberSpec

PRESET = "standard"
CONSTANTS: dict[str, dict[str, Any]] = {  # changes to the rules that are tried against the present ones
    "present": {},
    "two seeds a strength": {"STRENGTH_SEEDS": 2},
    "one seed a large rung": {"RACED_SEEDS": 1},
}


@dataclass
class Ledger:
    """What a procedure asked for.

    Args:
        seconds: phase -> estimated seconds of one core.
        shapes: programs it needs.
        n_networks: networks.
    """

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    shapes: set[Shape] = field(default_factory=set)
    n_networks: int = 0


class StoredExecutor(LocalExecutor):
    """Answers from stored networks; what is not there is trained once and stored.

    Args:
        draw: the data.
        plan: schedule and programs.
        folder: one file a network.
    """

    def __init__(self, draw: Draw, plan: Plan, folder: Path) -> None:
        super().__init__(draw.tensors, plan.schedule, shapes=dict(plan.shapes))
        self.folder, self.n_validation = folder, len(draw.tensors.order)
        self.scale = float(draw.tensors.target_scale[0] ** 2)
        self.ledger, self.phase = Ledger(), "learning rates"
        self.trained_seconds = 0.0
        folder.mkdir(parents=True, exist_ok=True)

    def cost(self, configuration: Configuration) -> float:
        """Estimate the seconds of one network; the fresh rows are no part of a study."""
        net = self.shape_of(configuration).net
        return member_seconds(count_products(list_layers(net)), self.schedule, 2 * self.n_validation)

    def compile(self, configurations: Sequence[Configuration]) -> None:
        """Nothing: a program is compiled when a network is missing."""

    def check_repeats(self, configuration: Configuration) -> str:
        """Nothing: tested elsewhere."""
        return ""

    def train(self, job: Job, *, deadline: float | None = None) -> tuple[ConfigurationRun, ...]:
        self.phase = job.phase
        return super().train(job, deadline=deadline)

    def run_entries(
        self, entries: Sequence[tuple[Configuration, MemberSpec]]
    ) -> Iterator[tuple[Configuration, MemberResults]]:
        missing = [entry for entry in entries if not self._file(*entry).is_file()]
        begun = time.process_time()
        for (owner, results), (_, spec) in zip(super().run_entries(missing), missing, strict=True):
            self._write(self._file(owner, spec), results)
        self.trained_seconds += time.process_time() - begun
        for owner, spec in entries:
            self.ledger.seconds[self.phase] += self.cost(owner)
            self.ledger.shapes.add(self.shape_of(owner))
            self.ledger.n_networks += 1
            yield owner, self._read(owner, spec)

    def fresh_losses(self, configuration: Configuration, seeds: Sequence[int]) -> np.ndarray:
        """Give the mean loss on fresh rows: float64 [S, E]; seeds that are missing are trained."""
        specs = [MemberSpec(configuration.hyper, seed, 0) for seed in seeds]
        ledger, self.ledger = self.ledger, Ledger()
        list(self.run_entries([(configuration, spec) for spec in specs]))
        self.ledger = ledger
        return np.stack([np.load(self._file(configuration, spec))["fresh"] for spec in specs]) * self.scale

    def _file(self, configuration: Configuration, spec: MemberSpec) -> Path:
        parts = [configuration.rung.widths, asdict(spec.hyper), spec.seed]
        return self.folder / f"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]}.npz"

    def _write(self, file: Path, results: MemberResults) -> None:
        part = slice(None, self.n_validation)
        half = file.with_suffix(".part")
        with half.open("wb") as stream:
            np.savez(
                stream,
                curves=results.curves,
                losses=results.losses[..., part],
                hits=results.hits[..., part],
                alive=results.alive,
                fresh=results.losses[0, :, self.n_validation :].mean(axis=1, dtype=np.float64),
            )
        half.rename(file)

    def _read(self, configuration: Configuration, spec: MemberSpec) -> MemberResults:
        with np.load(self._file(configuration, spec)) as found:
            arrays = {name: found[name] for name in ("curves", "losses", "hits", "alive")}
        n_layers = len(list_layers(self.net_of(configuration)))
        return MemberResults(**arrays, params=((np.ones((1, 1, 1), np.float32),),) * n_layers)


class ExhaustiveCrew(Crew):
    """Trains everything: no rung, rate, strength or seed is left out."""

    def train_ladder(self, judge: JudgeSettings) -> tuple[ConfigurationRun, ...]:
        rungs: list[Rung] = []
        for rung in self.plan.rungs:
            curves = training._try_rates(self.executor, rung, 1, self.seeds[0])  # noqa: SLF001
            rungs.append(replace(rung, learning_rate=list_rates(rung)[training._pick_rate(curves)]))  # noqa: SLF001
        return self.executor.train(Job("ladder", tuple(apply_remedies(r, ()) for r in rungs), self.seeds))

    def train_remedies(self, rung: Rung, judge: JudgeSettings) -> dict[str, tuple[ConfigurationRun, ...]]:
        configurations = tuple(apply_remedies(rung, (use,)) for use in self.uses)
        runs = self.executor.train(Job("remedies", configurations, self.seeds))
        names = dict.fromkeys(use.name for use in self.uses)
        return {n: tuple(r for r in runs if r.configuration.remedies[0].name == n) for n in names}

    def add_pairs(self, trained: Trained, results: Sequence[RemedyResult], judge: JudgeSettings) -> Trained:
        raced = super().add_pairs(trained, results, judge).pairs
        whole = self.executor.train(Job("pairs", tuple(run.configuration for run in raced), self.seeds))
        return replace(trained, pairs=whole)


@dataclass(frozen=True)
class Outcome:
    """What a procedure chose and what that took.

    Args:
        choice: name and epoch.
        risk: mean loss of the chosen networks on fresh rows.
        ledger: what was trained.
        reference: estimated seconds of S seeds of the smallest interpolating rung, else of the largest one.
        rung: where remedies were tried; reach: the interpolating rung, -1 if none does.
    """

    choice: Choice
    risk: float
    ledger: Ledger
    reference: float
    rung: int
    reach: int

    @property
    def tax(self) -> float:
        return sum(self.ledger.seconds.values()) / self.reference

    @property
    def tax_compiled(self) -> float:
        return self.tax + COMPILE_SECONDS * len(self.ledger.shapes) / self.reference


def make_crew(kind: type[Crew], draw: Draw, folder: Path) -> tuple[Crew, StoredExecutor]:
    """Put a crew together whose executor reads the stored networks."""
    tensors = draw.tensors
    sizes = Sizes(
        tensors.features.shape[2], tensors.n_outputs, tensors.fit_rows.shape[1], draw.n_validation, 1
    )
    plan = make_plan(sizes, preset=PRESET, budget=None)
    executor = StoredExecutor(draw, plan, folder / draw.name)
    place = SimpleNamespace(
        make_executor=lambda *args, **kwargs: executor,
        read_cut=lambda phase: None,
        deadline=lambda share: None,
        note=print,
    )
    crew = kind(cast(Workplace, place), tensors, plan, Settings(preset=PRESET))
    return crew, executor


def run_procedure(kind: type[Crew], draw: Draw, folder: Path) -> Outcome:
    """Do what the main path does from the ladder to the choice, and count what later phases would train."""
    crew, executor = make_crew(kind, draw, folder)
    judge = draw.judge
    ladder = crew.train_ladder(judge)
    verdict = judging.judge_ladder(ladder, judge)
    rung = find_remedy_rung(verdict, ladder)
    ladder = crew.complete_seeds(ladder, rung)
    remedies = crew.train_remedies(rung, judge)
    results = judging.judge_remedies(ladder, remedies, rung, judge)
    trained = crew.add_pairs(Trained(ladder, remedies, (), rung), results, judge)
    choice = choose(trained.all_runs(), judge)
    chosen = trained.find(choice.name)
    epoch = chosen.checkpoints.tolist().index(choice.epoch)
    fresh = executor.fresh_losses(chosen.configuration, crew.seeds)[:, epoch]
    n_seeds, each, seconds = len(crew.seeds), executor.cost(chosen.configuration), executor.ledger.seconds
    seconds["delivery"] = n_seeds * each * choice.epoch / crew.plan.schedule.n_epochs
    seconds["halves"] = n_seeds * each
    seconds["32 rows"] = executor.cost(ladder[-1].configuration)
    fits = [run.train_curve[:, -1].mean() < training.INTERPOLATED_LOSS for run in ladder]
    reach = fits.index(True) if any(fits) else -1
    reference = n_seeds * executor.cost(ladder[reach].configuration)
    return Outcome(choice, float(fresh.mean()), executor.ledger, reference, rung.index, reach)


def compare(draw: Draw, folder: Path, changes: Sequence[str]) -> dict[str, Any]:
    """Run the exhaustive study and the raced ones on one draw; regrets in % of the constant predictor's loss."""
    constant = float(draw.judge.constant_losses.mean())
    whole = run_procedure(ExhaustiveCrew, draw, folder)
    record: dict[str, Any] = {"draw": draw.name, "exhaustive": describe(whole, whole, constant)}
    for name in changes:
        changed = CONSTANTS[name]
        before = {key: getattr(training, key) for key in changed}
        for key, value in changed.items():
            setattr(training, key, value)
        raced = run_procedure(Crew, draw, folder)
        for key, value in before.items():
            setattr(training, key, value)
        record[name] = describe(raced, whole, constant)
    return record


def describe(outcome: Outcome, whole: Outcome, constant: float) -> dict[str, Any]:
    """Lay one procedure's outcome out as plain values."""
    return {
        "choice": f"{outcome.choice.name} @ {outcome.choice.epoch}",
        "risk": outcome.risk / constant,
        "regret": 100 * (outcome.risk - whole.risk) / constant,
        "tax": outcome.tax,
        "tax_compiled": outcome.tax_compiled,
        "networks": outcome.ledger.n_networks,
        "rung": outcome.rung,
        "reach": outcome.reach,
        "phases": {name: value / outcome.reference for name, value in outcome.ledger.seconds.items()},
    }


def summarize(records: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """Print regret and tax of each procedure over all draws, and where the tax goes."""
    head = ["procedure", "draws", "mean regret, % of R0", "largest", "above 0.5 %", "same choice", "networks"]
    print_table(
        [*head, "tax, median (largest)", "with programs"], [say_procedure(records, name) for name in names]
    )
    print()
    phases = dict.fromkeys(phase for record in records for name in names for phase in record[name]["phases"])
    rows = []
    for phase in phases:
        means = [np.mean([record[name]["phases"].get(phase, 0.0) for record in records]) for name in names]
        rows.append([phase, *(f"{mean:.2f}" for mean in means)])
    print_table(["mean tax by phase", *names], rows)


def say_procedure(records: Sequence[dict[str, Any]], name: str) -> list[str]:
    """Lay out what one procedure gave away and what it cost."""
    found = [record[name] for record in records]
    regret = np.array([item["regret"] for item in found])
    error = regret.std(ddof=1) / np.sqrt(len(regret)) if len(regret) > 1 else float("nan")
    same = sum(record[name]["choice"] == record["exhaustive"]["choice"] for record in records)
    taxes = [np.array([item[key] for item in found]) for key in ("tax", "tax_compiled")]
    return [
        name,
        str(len(found)),
        f"{regret.mean():+.3f} +- {error:.3f}",
        f"{regret.max():+.2f}",
        str((regret > 0.5).sum()),
        str(same),
        f"{np.median([item['networks'] for item in found]):.0f}",
        *(f"{np.median(tax):.1f} ({tax.max():.1f})" for tax in taxes),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--made", type=int, default=20)
    parser.add_argument("--tables", type=int, default=99)
    parser.add_argument("--rows", type=int, default=1000, help="fit rows of a made draw")
    parser.add_argument("--change", nargs="*", default=list(CONSTANTS), choices=list(CONSTANTS))
    options = parser.parse_args()
    prepare_device()
    records = []
    for draw in itertools.chain(list_made(options.made, options.rows), list_tables(options.tables)):
        begun = time.process_time()
        records.append(compare(draw, options.folder, options.change))
        said = [
            f"{name}: {found['choice']} {found['regret']:+.2f} % tax {found['tax']:.1f}"
            for name, found in records[-1].items()
            if name != "draw"
        ]
        print(draw.name, *said, f"{time.process_time() - begun:.0f} s", sep=" | ", flush=True)
        (options.folder / "records.json").write_text(json.dumps(records, indent=1), encoding="utf-8")
    print("\n" + describe_machine() + "\n")
    summarize(records, ["exhaustive", *options.change])


if __name__ == "__main__":
    main()
