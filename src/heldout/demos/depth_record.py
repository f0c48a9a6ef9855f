"""The numbers of the demo `depth`."""

from __future__ import annotations

from dataclasses import dataclass

from heldout.records import DoubleArray

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class ShiftResult:
    """One kind of network on shifted pictures.

    Args:
        name: in words.
        n_parameters: of the network.
        agreement: float64 [S, P], share of pictures that get the same answer as unshifted, by shift in places.
        accuracy: float64 [S, P], share of right answers, by shift in places.
        half: the shift at which agreement falls below one half, interpolated; the largest shift where it does not.
    """

    name: str
    n_parameters: int
    agreement: DoubleArray
    accuracy: DoubleArray
    half: float


@dataclass(frozen=True)
class TowerResult:
    """One kind of deep network.

    Args:
        name: in words.
        gradients: float64 [S, L], root mean square of the gradient of each hidden layer's weights before the first
            step, from the inputs on.
        first_over_last: gradient of the first hidden layer over that of the last one, geometric mean over seeds.
        training: float64 [S, T], training loss by epoch.
        validation: float64 [S, T], validation loss by epoch.
        change: of the early-stopped validation loss against the plain tower: estimate, 95 % interval; NaN for itself.
        outcome: "helps", "hurts", "equivalent" or "cannot tell"; "" for the plain tower.
        sentence: the comparison in words; "" for the plain tower.
    """

    name: str
    gradients: DoubleArray
    first_over_last: float
    training: DoubleArray
    validation: DoubleArray
    change: Triple
    outcome: str
    sentence: str


@dataclass(frozen=True)
class DepthRecord:
    """All numbers of the demo.

    Args:
        n_fit: fit rows.
        n_validation: validation rows.
        n_seeds: networks of each kind.
        shifts: shifts that were tried, in places.
        shift_results: convolutions with more and more pooling.
        n_layers: hidden layers of the towers.
        width: units of each.
        constant_loss: log-loss of always predicting the class shares.
        towers: the plain tower first.
        depths: numbers of hidden layers at which the first gradient was measured.
        first_gradients: float64 [2, S, depths], gradient of the first layer in the plain tower and in the one with both
            helps.
    """

    n_fit: int
    n_validation: int
    n_seeds: int
    shifts: tuple[int, ...]
    shift_results: tuple[ShiftResult, ...]
    n_layers: int
    width: int
    constant_loss: float
    towers: tuple[TowerResult, ...]
    depths: tuple[int, ...]
    first_gradients: DoubleArray
