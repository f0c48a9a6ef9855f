"""Many members as one compiled program: mapped one after the other on each device, split over the devices."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from heldout.errors import UsageError
from heldout.nets import Net, draw_params, list_layers, list_shapes, pad_arrays, start_memory
from heldout.nets.net import Memory, Params
from heldout.nets.text import weigh_tokens
from heldout.records import ByteScales, FloatArray, Hyper, InputLayout, Tensors
from heldout.train.member import Data, Member, Shape, State, advance_member

MEMBER_AXIS = "member"
PLACES_A_DEVICE = 8
STACKED_PLACES = 64  # members of one stack on a graphics card: assumption, not measured
WATCHED_ROWS = 5000  # at most so many fit rows are read for the training curve
REMEMBERED_DRAWS = 16  # first weights are the same for all remedies and folds of a seed


@dataclass(frozen=True)
class Layout:
    """How members lie in a program.

    Args:
        stacked: True to compute all members of a device at once (`vmap`, for graphics cards); False to compute them
            one after the other (`lax.map`, for CPUs, where stacking was measured to be slower).
        places: member places a device.
    """

    stacked: bool
    places: int


@dataclass(frozen=True)
class MemberSpec:
    """One training to run.

    Args:
        hyper: traced inputs.
        seed: seed index.
        fold: which fold of the tensors.
        variant: which target variant (0 is the real one).
        active: False for padding.
        net: the network's own size; that of the shape when left out.
    """

    hyper: Hyper
    seed: int
    fold: int
    variant: int = 0
    active: bool = True
    net: Net | None = None


@dataclass(frozen=True)
class MemberResults:
    """What a group of members left behind; axis 0 is the member, in the order given.

    Args:
        curves: float32 [G, T, 2], training and validation loss per epoch (NaN where not run).
        losses: float32 [G, E, V].
        hits: bool [G, E, V].
        alive: bool [G], False for a member that diverged.
        params: for each layer its arrays, float32 [G, ...], the weight first.
        memory: for each layer what it keeps beside its weights, float32 [G, ...].

    The units that a member does not use are cut off by `cut_units`.
    """

    curves: FloatArray
    losses: FloatArray
    hits: np.ndarray
    alive: np.ndarray
    params: Params
    memory: Memory = ()

    @property
    def weights(self) -> tuple[FloatArray, ...]:
        """The weight of each layer, float32 [G, ...]."""
        return tuple(layer[0] for layer in self.params)


Watch = Callable[[int, MemberResults], bool]


@functools.cache
def make_mesh() -> Mesh:
    """Give the mesh of all local devices (one host device a core on CPU)."""
    return Mesh(np.array(jax.local_devices()), (MEMBER_AXIS,))


def plan_layout() -> Layout:
    """Give the layout for the devices that are there: mapped on CPUs, stacked on graphics cards.

    Example:
        >>> plan_layout().places > 0
        True
    """
    if jax.default_backend() == "cpu":
        return Layout(stacked=False, places=PLACES_A_DEVICE)
    return Layout(stacked=True, places=STACKED_PLACES)


def group_size(layout: Layout | None = None) -> int:
    """Give the number of member places of a program: fixed, so that one compiled program serves any group.

    Places that are not needed hold inactive members, which cost nothing where members are mapped.
    """
    return (layout or plan_layout()).places * count_devices()


def _spread(n_members: int, layout: Layout) -> np.ndarray:
    """Deal members to the devices in turn: int64 [places], the member of each place, -1 for none."""
    size = group_size(layout)
    if n_members > size:
        raise ValueError(f"a group holds at most {size} members, got {n_members}")
    order = np.full(size, -1)
    for member in range(n_members):
        device, place = member % count_devices(), member // count_devices()
        order[device * layout.places + place] = member
    return order


def count_devices() -> int:
    """Count the devices that members are split over."""
    return len(jax.local_devices())


def put_data(tensors: Tensors, *, targets: FloatArray | None = None) -> Data:
    """Copy the tensors to every device.

    Args:
        tensors: arrays of the study.
        targets: float32 [P, K, N], other target variants (permuted labels); the real target when left out.
    """
    n_fit = tensors.fit_rows.shape[1]
    n_watch = min(n_fit, max(1000, min(WATCHED_ROWS, tensors.validation_rows.shape[1])))
    # a fixed spread-out choice: the training curve must not depend on the seed
    watch = np.linspace(0, n_fit - 1, n_watch).round().astype(np.int64)
    blocks = np.unique(tensors.slot_unseen[tensors.slot_unseen >= 0])
    lookup = {int(slot): index for index, slot in enumerate(blocks)}
    block_of = np.array([lookup.get(int(slot), -1) for slot in tensors.slot_unseen], np.int32)
    is_unseen = np.zeros(len(block_of), np.float32)
    is_unseen[blocks] = 1.0
    scales = tensors.scales or ByteScales(np.zeros((1, 1), np.float32), np.ones((1, 1), np.float32))
    arrays = {
        "features": tensors.features,
        "center": scales.center,
        "spread": scales.spread,
        "target": tensors.target[None] if targets is None else targets,
        "fit_rows": tensors.fit_rows,
        "fit_weight": tensors.fit_weight,
        "watch_rows": tensors.fit_rows[:, watch],
        "watch_mask": (tensors.fit_weight[:, watch] > 0).astype(np.float32),
        "validation_rows": tensors.validation_rows,
        "validation_mask": tensors.validation_mask,
        "block_of": block_of,
        "is_unseen": is_unseen,
        "output_offset": _offset(tensors),
        "sets": np.zeros((0, 0), np.float32) if tensors.sets is None else tensors.sets,
        "n_blocks": np.float32(len(blocks)),
    }
    everywhere = NamedSharding(make_mesh(), PartitionSpec())
    return Data(
        **{name: jax.device_put(jnp.asarray(array), everywhere) for name, array in arrays.items()},
        rarity=jax.device_put(_weigh_texts(tensors), everywhere),
    )


def _weigh_texts(tensors: Tensors) -> tuple[FloatArray, ...]:
    """Give how rare each token of each text is among the fit rows of each fold: float32 [K, vocabulary] a text."""
    layout = tensors.layout
    if layout is None:
        return ()
    parts = layout.parts or (layout,)
    last = np.cumsum([math.prod(part.shape) for part in parts])
    return tuple(
        np.stack([_weigh_text(tensors, fold, part, int(stop)) for fold in range(len(tensors.fit_rows))])
        for part, stop in zip(parts, last, strict=True)
        if part.kind == "tokens"
    )


def _weigh_text(tensors: Tensors, fold: int, part: InputLayout, stop: int) -> FloatArray:
    rows = np.unique(tensors.fit_rows[fold][tensors.fit_weight[fold] > 0])
    features = tensors.features[fold if len(tensors.features) > 1 else 0]
    return weigh_tokens(features[rows, stop - math.prod(part.shape) : stop], part.vocabulary)


def _offset(tensors: Tensors) -> FloatArray:
    if tensors.output_offset is not None:
        return tensors.output_offset
    return np.zeros((len(tensors.fit_rows), tensors.n_outputs), np.float32)


def stack_members(specs: Sequence[MemberSpec], shape: Shape) -> Member:
    """Stack the traced inputs of some members along a new first axis.

    Raises:
        UsageError: a member asks for an augmenter that is not compiled in.
    """
    return Member(
        learning_rate=jnp.array([spec.hyper.learning_rate for spec in specs], jnp.float32),
        dropout=jnp.array([spec.hyper.dropout for spec in specs], jnp.float32),
        l1=jnp.array([spec.hyper.l1 for spec in specs], jnp.float32),
        l2=jnp.array([spec.hyper.l2 for spec in specs], jnp.float32),
        weight_decay=jnp.array([spec.hyper.weight_decay for spec in specs], jnp.float32),
        label_smoothing=jnp.array([spec.hyper.label_smoothing for spec in specs], jnp.float32),
        augment=jnp.array([_list_augmentation(spec.hyper, shape) for spec in specs], jnp.float32),
        scales_test=jnp.array([spec.hyper.scales_test for spec in specs], bool),
        seed=jnp.array([spec.seed for spec in specs], jnp.uint32),
        fold=jnp.array([spec.fold for spec in specs], jnp.int32),
        variant=jnp.array([spec.variant for spec in specs], jnp.int32),
        active=jnp.array([spec.active for spec in specs], bool),
    )


def _list_augmentation(hyper: Hyper, shape: Shape) -> list[float]:
    asked = dict(hyper.augmentation)
    if not set(asked) <= set(shape.augmenters):
        raise UsageError(
            f"augmenters {sorted(asked)} are asked for, the program holds {list(shape.augmenters)}",
            hint="name all augmenters of a study when its trainings are planned",
        )
    return [asked.get(name, 0.0) for name in shape.augmenters]


@functools.cache
def _compiled(shape: Shape, layout: Layout):  # noqa: ANN202 - a jitted function
    """Build the program of one shape: it advances all members over some epochs."""
    by_member, everywhere = PartitionSpec(MEMBER_AXIS), PartitionSpec()

    def advance(
        members: Member, data: Data, checkpoints: jax.Array, state: State, bounds: jax.Array
    ) -> State:
        def one(pair: tuple[Member, State]) -> State:
            return advance_member(shape, pair[0], data, checkpoints, pair[1], (bounds[0], bounds[1]))

        return jax.vmap(one)((members, state)) if layout.stacked else jax.lax.map(one, (members, state))

    split = jax.shard_map(
        advance,
        mesh=make_mesh(),
        in_specs=(by_member, everywhere, everywhere, by_member, everywhere),
        out_specs=by_member,
        check_vma=False,
    )
    return jax.jit(split, donate_argnums=(3,))


def compile_program(
    shape: Shape, data: Data, checkpoints: tuple[int, ...], *, layout: Layout | None = None
) -> None:
    """Compile (or fetch from the cache) the program of a shape ahead of its first use."""
    layout = layout or plan_layout()
    spec = MemberSpec(_blank_hyper(shape), 0, 0, active=False)
    members, state = _start(shape, [spec] * group_size(layout), data, len(checkpoints))
    _compiled(shape, layout)(
        members, data, jnp.array(checkpoints, jnp.int32), state, jnp.array([0, 0], jnp.int32)
    )


def _blank_hyper(shape: Shape) -> Hyper:
    zeros = (0.0,) * len(list_layers(shape.net))
    return Hyper(learning_rate=0.0, dropout=zeros, l1=zeros, l2=zeros)


def _start(shape: Shape, specs: Sequence[MemberSpec], data: Data, n_checkpoints: int) -> tuple[Member, State]:
    """Draw the first weights on the host, where that needs no compilation, and make room for the records."""
    rarity = [np.asarray(array) for array in data.rarity]
    drawn = [
        _draw_first(
            shape.net,
            spec.net or shape.net,
            spec.seed if spec.active else 0,
            [one[spec.fold] for one in rarity],
        )
        for spec in specs
    ]
    params, memory = (_stack([one[part] for one in drawn]) for part in (0, 1))
    n, n_validation = len(specs), data.validation_rows.shape[1]
    state = State(
        params=params,
        memory=memory,
        mean=jax.tree.map(np.zeros_like, params),
        square=jax.tree.map(np.zeros_like, params),
        alive=jnp.array([spec.active for spec in specs]),
        curves=jnp.full((n, shape.n_epochs, 2), jnp.nan),
        losses=jnp.full((n, n_checkpoints, n_validation), jnp.nan),
        hits=jnp.zeros((n, n_checkpoints, n_validation), bool),
    )
    by_member = NamedSharding(make_mesh(), PartitionSpec(MEMBER_AXIS))
    return jax.device_put(stack_members(specs, shape), by_member), jax.device_put(state, by_member)


def _draw_first(program: Net, own: Net, seed: int, rarity: list[FloatArray]) -> tuple[Params, Memory]:
    """Draw a network's first weights for its own size and pad them to the program's."""
    params, memory = _draw_params(program, own, seed), start_memory(list_layers(own), rarity)
    if own != program:
        memory = pad_arrays(memory, list_shapes(list_layers(program), kept=True))
    return params, memory


@functools.lru_cache(maxsize=REMEMBERED_DRAWS)
def _draw_params(program: Net, own: Net, seed: int) -> Params:
    params = draw_params(list_layers(own), seed)
    return params if own == program else pad_arrays(params, list_shapes(list_layers(program)))


def _stack(trees: list[Any]) -> Any:  # noqa: ANN401 - trees of arrays
    return jax.tree.map(lambda *arrays: np.stack(arrays), *trees)


def run_members(
    shape: Shape,
    specs: Sequence[MemberSpec],
    data: Data,
    checkpoints: tuple[int, ...],
    *,
    ends: tuple[int, ...] | None = None,
    watch: Watch | None = None,
    layout: Layout | None = None,
) -> MemberResults:
    """Train a group of members of one shape.

    A member trained in company equals the member trained alone, bit for bit, where members are mapped, not
    stacked: on the CPU.

    Args:
        shape: what is compiled.
        specs: the members, at most `group_size()`.
        data: arrays on the devices.
        checkpoints: epochs at which per-row losses are kept; the last is the last epoch.
        ends: epochs (1-based, increasing) at which the program returns to the host if it is watched; it runs to the
            last of them, whose weights are given. The checkpoints when left out.
        watch: called after each of the ends with its epoch and the results so far; returns True to stop. The numbers
            do not change.
        layout: how members lie in the program; follows from the devices when left out.
    """
    layout = layout or plan_layout()
    advance = _compiled(shape, layout)
    n_given = len(specs)
    order = _spread(n_given, layout)
    padding = replace(specs[0], active=False)
    slots = [padding if index < 0 else specs[index] for index in order]
    members, state = _start(shape, slots, data, len(checkpoints))
    place = np.argsort(np.where(order < 0, n_given, order), kind="stable")[:n_given]
    marks, stops = jnp.array(checkpoints, jnp.int32), (0, *(ends or checkpoints))
    if watch is None:
        state = advance(members, data, marks, state, jnp.array([0, stops[-1]], jnp.int32))
        return _fetch(state, place)
    results = _fetch(state, place)
    for first, last in itertools.pairwise(stops):
        state = advance(members, data, marks, state, jnp.array([first, last], jnp.int32))
        results = _fetch(state, place)
        if watch(last, results):
            break
    return results


def _fetch(state: State, place: np.ndarray) -> MemberResults:
    wanted = state._replace(mean=(), square=())  # the optimizer's own numbers stay where they are
    host = jax.tree.map(lambda array: array[place], jax.device_get(wanted))
    return MemberResults(host.curves, host.losses, host.hits, host.alive, host.params, host.memory)


def cut_units(results: MemberResults, net: Net) -> MemberResults:
    """Cut the unused units off the weights of members that share their real size.

    Args:
        results: members of one configuration.
        net: their own network.
    """
    layers = list_layers(net)
    return replace(
        results,
        params=_cut(results.params, list_shapes(layers)),
        memory=_cut(results.memory, list_shapes(layers, kept=True)),
    )


def _cut(arrays: Any, shapes: Any) -> Any:  # noqa: ANN401 - trees of arrays
    if isinstance(arrays, tuple):
        return tuple(_cut(array, shape) for array, shape in zip(arrays, shapes, strict=True))
    return arrays[(slice(None), *(slice(side) for side in shapes))]
