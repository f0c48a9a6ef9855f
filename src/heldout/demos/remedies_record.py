"""The numbers of the demo `remedies`."""

from __future__ import annotations

from dataclasses import dataclass

from heldout.records import DoubleArray, FloatArray

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class ArmResult:
    """The network with one remedy at one strength (or with none), trained with every seed.

    Args:
        name: in words, e.g. "dropout 0.3".
        remedy: its remedy as the lecture names it, "" for none.
        n_parameters: size of the network.
        training: float64 [S, T], training loss by epoch without penalties.
        validation: float64 [S, T], validation loss by epoch.
        best_epoch: with the lowest mean validation loss.
        known_by_heart: share of the wrongly labelled fit rows whose wrong label the network gives at the last epoch.
        zero_share: share of the weights of each layer that are exactly zero at the last epoch, mean over seeds.
        at_end: change of the validation loss against the plain network, both at the last epoch: estimate, 95 %
            interval.
        early_stopped: the same with both stopped early.
        outcome_at_end: "helps", "hurts", "equivalent" or "cannot tell"; "" for the plain network.
        outcome: the same for both stopped early.
    """

    name: str
    remedy: str
    n_parameters: int
    training: DoubleArray
    validation: DoubleArray
    best_epoch: int
    known_by_heart: float
    zero_share: DoubleArray
    at_end: Triple
    early_stopped: Triple
    outcome_at_end: str
    outcome: str

    @property
    def lowest(self) -> float:
        """Mean validation loss at the best epoch."""
        return float(self.validation[:, self.best_epoch - 1].mean())

    @property
    def last(self) -> float:
        """Mean validation loss at the last epoch."""
        return float(self.validation[:, -1].mean())


@dataclass(frozen=True)
class RemedyRow:
    """One of the five remedies at the strength chosen without the rows it is judged on.

    Args:
        name: in words.
        at_end: change of the validation loss, both at the last epoch: estimate, 95 % interval.
        early_stopped: the same with both stopped early; NaN for early stopping itself.
        outcome_at_end: "helps", "hurts", "equivalent" or "cannot tell".
        outcome: the same for both stopped early; "not applicable" for early stopping.
        sentence: in words with numbers.
    """

    name: str
    at_end: Triple
    early_stopped: Triple
    outcome_at_end: str
    outcome: str
    sentence: str


@dataclass(frozen=True)
class StopRow:
    """What one rule of early stopping makes of a list of losses written down by hand.

    Args:
        losses: validation loss by epoch.
        rule: the rule in words.
        stops: epoch after which training ends.
        keeps: epoch whose weights are kept.
        kept_loss: its loss.
        has_fired: False where the list ended first.
    """

    losses: tuple[float, ...]
    rule: str
    stops: int
    keeps: int
    kept_loss: float
    has_fired: bool


@dataclass(frozen=True)
class DropoutCheck:
    """The two ways of dropout, compared.

    Args:
        rate: share of units set to zero.
        largest_difference: of any probability, between a network that divides while training and the same network
            rewritten to multiply at the test.
        outcome: of two trainings with the same seeds, one each way: "equivalent", "cannot tell", ...
        change: their difference of validation loss at the last epoch: estimate, 95 % interval.
    """

    rate: float
    largest_difference: float
    outcome: str
    change: Triple


@dataclass(frozen=True)
class WeightsResult:
    """The weights of the first layer of one network.

    Args:
        name: in words.
        counts: float64 [B], weights in each bin.
        zeros: share that is exactly zero, mean over layers and seeds.
    """

    name: str
    counts: DoubleArray
    zeros: float


@dataclass(frozen=True)
class RemediesRecord:
    """All numbers of the demo.

    Args:
        n_fit: fit rows.
        n_wrong: of them, with a wrong label.
        n_validation: validation rows.
        n_seeds: networks of each arm.
        constant_loss: log-loss of always predicting the class shares.
        tolerance: changes of the loss below this do not matter.
        plain_word: what the evidence room says of the plain network trained to the end.
        plain_sentence: the same in words.
        onset: first epoch from which on its rise is beyond chance and tolerance, -1 for none.
        seed_epochs: epoch with the lowest validation loss, for each seed of the plain network.
        arms: the plain network first.
        remedies: early stopping first.
        stops: rules of early stopping on lists written by hand.
        fault_sentences: what each fault of the lecture's rule costs on these data.
        fault_costs: the same as estimate and 95 % interval.
        dropout: the two ways.
        edges: float64 [B + 1], bins of the weights.
        weights: histograms of the plain network, with L1 and with L2.
        pictures: pairs of a name and a picture [H, W]: one example and its augmentations.
    """

    n_fit: int
    n_wrong: int
    n_validation: int
    n_seeds: int
    constant_loss: float
    tolerance: float
    plain_word: str
    plain_sentence: str
    onset: int
    seed_epochs: tuple[int, ...]
    arms: tuple[ArmResult, ...]
    remedies: tuple[RemedyRow, ...]
    stops: tuple[StopRow, ...]
    fault_sentences: tuple[str, ...]
    fault_costs: tuple[Triple, ...]
    dropout: DropoutCheck
    edges: DoubleArray
    weights: tuple[WeightsResult, ...]
    pictures: tuple[tuple[str, FloatArray], ...]

    def find(self, name: str) -> ArmResult:
        """Give one arm by its name."""
        return next(arm for arm in self.arms if arm.name == name)

    def list_arms(self, remedy: str) -> tuple[ArmResult, ...]:
        """Give all strengths of one remedy."""
        return tuple(arm for arm in self.arms if arm.remedy == remedy)
