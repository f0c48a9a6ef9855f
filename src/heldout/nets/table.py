"""The table of network families: a new family is one new file and one row here."""

from __future__ import annotations

import math
from dataclasses import replace

import jax
import jax.numpy as jnp

from heldout.errors import UsageError
from heldout.letters import BASES
from heldout.nets.attention import apply_attention, list_attention_layers
from heldout.nets.cnn import (
    apply_cnn,
    apply_sequence,
    apply_signal,
    list_cnn_layers,
    list_sequence_layers,
    list_signal_layers,
)
from heldout.nets.joined import (
    ATTENDED,
    JOINED,
    JOINED_RESIDUAL,
    apply_joined,
    list_joined_layers,
    name_branch,
)
from heldout.nets.mlp import apply_mlp, list_mlp_layers
from heldout.nets.net import HEAD_SIZE, Family, LayerSpec, Memory, Mode, Net, Params
from heldout.nets.ordered import order_outputs
from heldout.nets.pooled import apply_pooled, list_pooled_layers
from heldout.nets.residual import apply_residual, list_residual_layers
from heldout.nets.strands import add_other_strands, average_strands, reads_both_strands
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


def _last_dense_part(net: Net) -> tuple[int, ...]:
    """Drop where the branches or places meet and in the dense layers after it."""
    n_layers = len(list_layers(net))
    return tuple(range(n_layers - len(net.widths) - 1, n_layers))


def _last(net: Net) -> tuple[int, ...]:
    """Drop before the output layer only: dropped units between two normalizations shift their running means.

    Source:
        Li et al. 2019, "Understanding the disharmony between dropout and batch normalization".
    """
    return (len(list_residual_layers(net)) - 1,)


FAMILIES: dict[str, Family] = {
    "mlp": Family(list_mlp_layers, apply_mlp, _hidden_or_input),
    "pooled": Family(list_pooled_layers, apply_pooled, _hidden_or_input),
    "cnn": Family(list_cnn_layers, apply_cnn, _dense_part),
    "residual": Family(list_residual_layers, apply_residual, _last),
    "sequence": Family(list_sequence_layers, apply_sequence, _dense_part),
    "signal": Family(list_signal_layers, apply_signal, _dense_part),
    "text": Family(list_text_layers, apply_text, _dense_part),
    "attention": Family(list_attention_layers, apply_attention, _last_dense_part),
    JOINED: Family(list_joined_layers, apply_joined, _last_dense_part),
    ATTENDED: Family(list_joined_layers, apply_joined, _last_dense_part),
    JOINED_RESIDUAL: Family(list_joined_layers, apply_joined, _last_dense_part),
}


AXES = {
    "mlp": (1, 2, 3),
    "pooled": (3,),
    "cnn": (3,),
    "residual": (3,),
    "sequence": (1, 2),
    "signal": (2,),
    "text": (1,),
    "attention": (1, 2),
    JOINED: (1,),
    ATTENDED: (1,),
    JOINED_RESIDUAL: (1,),
}


def check_net(net: Net) -> str:
    """Say what does not fit together in a network's size, for sizes that were read from a file.

    Returns:
        "" or one sentence.

    Example:
        >>> check_net(Net("mlp", (3,), 1, (4,)))
        ''
        >>> check_net(Net("cnn", (3,), 1))
        'a cnn takes examples with 3 axes, these have 1'
    """
    if net.family not in FAMILIES:
        return f"unknown family of networks {net.family!r}"
    if len(net.inputs) not in AXES[net.family]:
        wanted = " or ".join(map(str, AXES[net.family]))
        return f"a {net.family} takes examples with {wanted} axes, these have {len(net.inputs)}"
    if min((*net.inputs, *net.widths, *net.channels, net.n_outputs)) < 1:
        return f"sizes must be at least 1, got {net}"
    if net.ordered and net.n_outputs < 3:
        return f"{net.n_outputs} outputs have no order; at least 3 classes do"
    if (net.family in (JOINED, ATTENDED, JOINED_RESIDUAL)) != bool(net.parts):
        return f"{len(net.parts)} parts do not fit a {net.family}"
    if net.parts:
        return _check_parts(net)
    if net.family == "attention":
        return _check_attention(net)
    has_tokens = net.family == "text" or (net.family == "sequence" and len(net.inputs) == 1)
    if has_tokens != (net.embedding > 0) or has_tokens != (net.vocabulary > 0):
        return f"embedding {net.embedding} and vocabulary {net.vocabulary} do not fit a {net.family} of {net.inputs}"
    if net.leading > net.inputs[0] or net.leading and not (has_tokens and net.channels):
        return f"{net.leading} leading tokens do not fit a {net.family} of {net.inputs}"
    has_filters = net.family in ("cnn", "residual", "sequence", "signal")
    if has_filters != (net.kernel > 0) or has_filters != bool(net.channels):
        return f"kernel {net.kernel} and channels {net.channels} do not fit a {net.family}"
    poolings = {
        "cnn": (len(net.channels) + 1) // 2,
        "sequence": max(len(net.channels) - 1, 0),
        "signal": len(net.channels),
    }
    sides = net.inputs[:2] if net.family == "cnn" else net.inputs[:1]
    if min(sides) < 2 ** poolings.get(net.family, 0):
        return f"examples of {net.inputs} are too small for {len(net.channels)} convolutions with pooling"
    return ""


def _check_attention(net: Net) -> str:
    """Say what does not fit together in a network that attends."""
    if net.embedding < HEAD_SIZE or net.embedding % HEAD_SIZE:
        return f"embedding {net.embedding} does not divide into heads of {HEAD_SIZE} numbers"
    if (len(net.inputs) == 1) != (net.vocabulary > 0) or net.kernel or not net.channels:
        return f"vocabulary {net.vocabulary}, kernel {net.kernel} and channels {net.channels} do not fit {net.inputs}"
    if net.leading > net.inputs[0] or net.leading and not net.vocabulary:
        return f"{net.leading} leading tokens do not fit an attention of {net.inputs}"
    return ""


def _check_parts(net: Net) -> str:
    """Say what does not fit together in the parts of a joined network, each checked as a network of its own."""
    if sum(math.prod(part.shape) for part in net.parts) != net.inputs[0]:
        return f"parts of {[part.shape for part in net.parts]} do not fill a row of {net.inputs[0]}"
    attends = net.family == ATTENDED
    if bool(net.channels) != (net.kernel > 0 or attends):
        return f"kernel {net.kernel} and channels {net.channels} do not fit together"
    for part in net.parts:
        if part.both_strands and (part.kind != "signal" or part.letters != BASES):
            return f"a {part.kind} of letters {part.letters!r} has no other strand"
        if part.parts or part.kind not in ("numbers", "tokens", "picture", "signal"):
            return f"a part cannot be {part.kind!r}"
        family = name_branch(part, net)
        if attends and family != "attention" and part.kind != "numbers":
            return f"a {part.kind} is not attended"
        is_tokens, has_filters = part.kind == "tokens", family not in ("mlp", "pooled", "text")
        own = replace(
            net,
            family=family,
            inputs=part.shape,
            parts=(),
            leading=part.leading if is_tokens and has_filters else 0,
            channels=net.channels if has_filters else (),
            kernel=net.kernel if has_filters else 0,
            embedding=net.embedding if is_tokens or family == "attention" else 0,
            vocabulary=part.vocabulary if is_tokens else 0,
        )
        wrong = check_net(own)
        if wrong:
            return wrong
    return ""


def list_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers of a network, from the input on.

    Raises:
        UsageError: an unknown family.

    Example:
        >>> len(list_layers(Net("mlp", (3,), 1, (4, 4))))
        3
        >>> list_layers(Net("forest", (3,), 1))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        heldout.errors.UsageError: unknown family of networks 'forest'
          -> families are mlp, pooled, cnn, residual, sequence, signal, text, attention, joined, ...
    """
    layers = find_family(net.family).list_layers(net)
    if not reads_both_strands(net):
        return layers
    return tuple(replace(layer, uses=2 * layer.uses, scores=2 * layer.scores) for layer in layers)


def find_family(name: str) -> Family:
    """Give a family by its name.

    Raises:
        UsageError: an unknown family.
    """
    if name not in FAMILIES:
        raise UsageError(f"unknown family of networks {name!r}", hint=f"families are {', '.join(FAMILIES)}")
    return FAMILIES[name]


def apply_net(net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode) -> tuple[jax.Array, Memory]:
    """Compute the outputs of a network for a batch; see `Family.apply`.

    Args:
        net: its size.
        params: its arrays.
        memory: what it keeps beside them.
        x: [R, ...inputs] or [R, product of inputs]; tokens may come as numbers.
        mode: training or evaluation.
    """
    shaped = x.reshape(x.shape[0], *net.inputs)
    if net.vocabulary:
        shaped = shaped.astype(jnp.int32)
    both = reads_both_strands(net)
    if both:
        shaped = add_other_strands(net, shaped)
    outputs, memory = find_family(net.family).apply(net, params, memory, shaped, mode)
    return finish_outputs(net, average_strands(outputs) if both else outputs), memory


def finish_outputs(net: Net, outputs: jax.Array) -> jax.Array:
    """Give what a network says from the sums that leave its last layer: those, or log-probabilities of its steps.

    Args:
        net: its size.
        outputs: float32 [R, outputs of the last layer].
    """
    return order_outputs(outputs) if net.ordered else outputs
