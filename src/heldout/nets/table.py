"""The table of network families: a new family is one new file and one row here."""

from __future__ import annotations

import jax

from heldout.errors import UsageError
from heldout.nets.cnn import apply_cnn, apply_sequence, list_cnn_layers, list_sequence_layers
from heldout.nets.mlp import apply_mlp, list_mlp_layers
from heldout.nets.net import Family, LayerSpec, Memory, Mode, Net, Params
from heldout.nets.residual import apply_residual, list_residual_layers
from heldout.nets.text import apply_text, list_text_layers


def _hidden_or_input(net: Net) -> tuple[int, ...]:
    """Drop the inputs of every layer but the first; those of a linear model, which has no other."""
    return tuple(range(1, len(net.widths) + 1)) or (0,)


def _dense_part(net: Net) -> tuple[int, ...]:
    """Drop before the dense layers: dropout among the channels of a convolution hardly helps.

    Source:
        Srivastava et al. 2014, table 3: most of the gain comes from the fully connected layers.
    """
    first = len(net.channels) + bool(net.embedding)
    return tuple(range(first, first + len(net.widths) + 1))


def _last(net: Net) -> tuple[int, ...]:
    """Drop before the output layer only: dropped units between two normalizations shift their running means.

    Source:
        Li et al. 2019, "Understanding the disharmony between dropout and batch normalization".
    """
    return (len(list_residual_layers(net)) - 1,)


FAMILIES: dict[str, Family] = {
    "mlp": Family(list_mlp_layers, apply_mlp, _hidden_or_input),
    "cnn": Family(list_cnn_layers, apply_cnn, _dense_part),
    "residual": Family(list_residual_layers, apply_residual, _last),
    "sequence": Family(list_sequence_layers, apply_sequence, _dense_part),
    "text": Family(list_text_layers, apply_text, _dense_part),
}


def list_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers of a network, from the input on.

    Raises:
        UsageError: an unknown family.

    Example:
        >>> len(list_layers(Net("mlp", (3,), 1, (4, 4))))
        3
        >>> list_layers(Net("forest", (3,), 1))
        Traceback (most recent call last):
        heldout.errors.UsageError: unknown family of networks 'forest'
          -> families are mlp, cnn, residual, sequence, text
    """
    return find_family(net.family).list_layers(net)


def find_family(name: str) -> Family:
    """Give a family by its name.

    Raises:
        UsageError: an unknown family.
    """
    if name not in FAMILIES:
        raise UsageError(f"unknown family of networks {name!r}", hint=f"families are {', '.join(FAMILIES)}")
    return FAMILIES[name]


def apply_net(net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode) -> tuple[jax.Array, Memory]:
    """Compute the outputs of a network for a batch; see `Family.apply`."""
    return find_family(net.family).apply(net, params, memory, x, mode)
