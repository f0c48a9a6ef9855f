"""Residual blocks with batch normalization: deep networks for pictures."""

from __future__ import annotations

import jax

from heldout.nets.convolution import EPSILON, convolve, normalize_channels
from heldout.nets.mlp import apply_dense, list_dense_layers
from heldout.nets.net import ArraySpec, LayerSpec, Memory, Mode, Net, Params, dense_layer

MOST_PLACES = 48  # a side, that the stages work on
KEPT_SHARE = 0.9  # of the running mean and variance at each step (the usual momentum of batch normalization)


def list_residual_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers: a first convolution, two convolutions for each stage, the output layer.

    `channels` names the stages; every stage after the first halves height and width, and the first convolution takes
    steps of more than one pixel where the picture is large (`find_first_stride`). A stage whose channels differ
    from those before has a 1 x 1 convolution beside its two, which carries the input past them.

    Source:
        He et al. 2016, "Deep residual learning for image recognition".

    Example:
        >>> net = Net("residual", (32, 32, 3), 10, channels=(16, 32), kernel=3)
        >>> [layer.name for layer in list_residual_layers(net)]
        ['first', 'stage 1a', 'stage 1b', 'stage 2a', 'stage 2b', 'stage 2 past', 'output']
    """
    return (*list_residual_stages(net), *list_dense_layers(net, net.channels[-1]))


def list_residual_stages(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers before the dense ones.

    Example:
        >>> len(list_residual_stages(Net("residual", (32, 32, 3), 10, channels=(16, 32), kernel=3)))
        6
    """
    height, width, depth = net.inputs
    before, stride = net.channels[0], find_first_stride(net.inputs)
    kernel = max(net.kernel, 2 * stride - 1)  # so that no pixel is passed over
    height, width = -(-height // stride), -(-width // stride)
    layers = [_normalized("first", (kernel, kernel, depth), before, height * width)]
    for stage, channels in enumerate(net.channels, start=1):
        if stage > 1:
            height, width = -(-height // 2), -(-width // 2)
        places = height * width
        layers.append(_normalized(f"stage {stage}a", (net.kernel, net.kernel, before), channels, places))
        layers.append(_normalized(f"stage {stage}b", (net.kernel, net.kernel, channels), channels, places))
        if stage > 1:
            layers.append(_normalized(f"stage {stage} past", (1, 1, before), channels, places))
        before = channels
    return tuple(layers)


def find_first_stride(inputs: tuple[int, ...]) -> int:
    """Give the step of the first convolution: so that at most 48 places a side are left, as of small pictures.

    Large pictures would cost as many times more as they have pixels, most of it in the first stages (assumption: 48).

    Args:
        inputs: (height, width, channels).

    Source:
        He et al. 2016, "Deep residual learning for image recognition": a first convolution of 7 x 7 with step 2 and a
        pooling, for pictures of 224.

    Example:
        >>> [find_first_stride((side, side, 3)) for side in (32, 64, 128, 300)]
        [1, 2, 4, 8]
    """
    stride = 1
    while max(inputs[:2]) / stride > MOST_PLACES:
        stride *= 2
    return stride


def _normalized(name: str, n_in: tuple[int, ...], n_out: int, uses: int) -> LayerSpec:
    weight = dense_layer(name, n_in, n_out).arrays[0]
    scale, shift = ArraySpec((n_out,), fill=1.0), ArraySpec((n_out,))
    mean, variance = ArraySpec((n_out,)), ArraySpec((n_out,), fill=1.0)
    return LayerSpec(name, (weight, shift, scale), uses, kept=(mean, variance))


def apply_residual(
    net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode
) -> tuple[jax.Array, Memory]:
    """Compute the outputs for a batch of pictures [R, H, W, C], and the running means after it."""
    n_stages = len(list_residual_stages(net))
    pooled, kept = pool_stages(net, (params[:n_stages], memory[:n_stages]), x, mode, first=0)
    outputs = apply_dense(params[n_stages:], pooled, mode, first=n_stages)
    return outputs, (*kept, *memory[n_stages:])


def pool_stages(
    net: Net, arrays: tuple[Params, Memory], x: jax.Array, mode: Mode, *, first: int
) -> tuple[jax.Array, Memory]:
    """Apply the stages to pictures, and average each channel over all places.

    Args:
        net: its channels.
        arrays: the stages' arrays, and what they keep.
        x: [R, H, W, C].
        mode: dropout before each layer; which means the normalization reads.
        first: number of the first of these layers in the whole network.

    Returns:
        [R, channels], and what the stages keep after this batch.
    """
    params, memory = arrays
    kept = list(memory)

    def layer(index: int, values: jax.Array, stride: int) -> jax.Array:
        weight, shift, scale = params[index]
        sums = convolve(mode.drop(first + index, values), weight, stride=stride)
        normalized, kept[index] = normalize_batch(sums, scale, shift, memory[index], training=mode.training)
        return normalized

    hidden = jax.nn.relu(layer(0, x, find_first_stride(net.inputs)))
    index = 1
    for stage in range(len(net.channels)):
        stride = 1 if stage == 0 else 2
        inner = jax.nn.relu(layer(index, hidden, stride))
        inner = layer(index + 1, inner, 1)
        index += 2
        if stage > 0:
            hidden = layer(index, hidden, stride)
            index += 1
        hidden = jax.nn.relu(inner + hidden)
    return hidden.mean(axis=(1, 2)), tuple(kept)


def normalize_batch(
    values: jax.Array,
    scale: jax.Array,
    shift: jax.Array,
    kept: tuple[jax.Array, jax.Array],
    *,
    training: bool,
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Bring each channel to mean 0 and variance 1 over batch and positions, then to a trained scale and shift.

    In training mode by the batch's own mean and variance, which also move the running ones by a tenth; in evaluation
    mode by the running ones.

    Args:
        values: float32 [R, ..., C].
        scale: float32 [C].
        shift: float32 [C].
        kept: running mean and (unbiased) variance [C].
        training: which of the two.

    Returns:
        The normalized values, and the running mean and variance after this batch.

    Source:
        Ioffe & Szegedy 2015, "Batch normalization".

    Example:
        >>> import jax.numpy as jnp
        >>> one, zero = jnp.ones(1), jnp.zeros(1)
        >>> values, _ = normalize_batch(jnp.array([[1.0], [3.0]]), one, zero, (zero, one), training=True)
        >>> values.round(3).ravel().tolist()
        [-1.0, 1.0]
    """
    if not training:
        factor = scale * jax.lax.rsqrt(kept[1] + EPSILON)
        return values * factor + (shift - kept[0] * factor), kept
    normalized, mean, variance = normalize_channels(values, scale, shift)
    count = values.size / values.shape[-1]
    moved = KEPT_SHARE * kept[0] + (1.0 - KEPT_SHARE) * mean
    spread = KEPT_SHARE * kept[1] + (1.0 - KEPT_SHARE) * variance * (count / max(count - 1.0, 1.0))
    # the running means are records, not part of the loss: no gradient flows through them
    return normalized, jax.lax.stop_gradient((moved, spread))
