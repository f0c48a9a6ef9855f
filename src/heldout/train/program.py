"""Many members as one compiled program: mapped one after the other on each device, split over the devices."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from heldout.records import FloatArray, Hyper, Tensors
from heldout.train.member import Data, Member, Shape, State, advance_member, start_member

MEMBER_AXIS = "member"
PLACES_A_DEVICE = 8
WATCHED_ROWS = 5000  # at most so many fit rows are read for the training curve


@dataclass(frozen=True)
class MemberSpec:
    """One training to run.

    Args:
        hyper: traced inputs.
        seed: seed index.
        fold: which fold of the tensors.
        variant: which target variant (0 is the real one).
        active: False for padding.
        widths: real units of each hidden layer; those of the shape when left out.
    """

    hyper: Hyper
    seed: int
    fold: int
    variant: int = 0
    active: bool = True
    widths: tuple[int, ...] | None = None


@dataclass(frozen=True)
class MemberResults:
    """What a group of members left behind; axis 0 is the member, in the order given.

    Args:
        curves: float32 [G, T, 2], training and validation loss per epoch (NaN where not run).
        losses: float32 [G, E, V].
        hits: bool [G, E, V].
        alive: bool [G], False for a member that diverged.
        weights: one float32 [G, n_in, n_out] per layer.
        biases: one float32 [G, n_out] per layer.

    The units that a member does not use are cut off by `cut_units`.
    """

    curves: FloatArray
    losses: FloatArray
    hits: np.ndarray
    alive: np.ndarray
    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]


Watch = Callable[[int, MemberResults], bool]


@functools.cache
def make_mesh() -> Mesh:
    """Give the mesh of all local devices (one host device a core on CPU)."""
    return Mesh(np.array(jax.local_devices()), (MEMBER_AXIS,))


def group_size() -> int:
    """Give the number of member places of every program: fixed, so that one compiled program serves any group.

    Places that are not needed hold inactive members, which cost nothing.
    """
    return PLACES_A_DEVICE * count_devices()


def _spread(n_members: int) -> np.ndarray:
    """Deal members to the devices in turn: int64 [places], the member of each place, -1 for none."""
    if n_members > group_size():
        raise ValueError(f"a group holds at most {group_size()} members, got {n_members}")
    order = np.full(group_size(), -1)
    for member in range(n_members):
        device, place = member % count_devices(), member // count_devices()
        order[device * PLACES_A_DEVICE + place] = member
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
    arrays = {
        "features": tensors.features,
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
        "n_blocks": np.float32(len(blocks)),
    }
    everywhere = NamedSharding(make_mesh(), PartitionSpec())
    return Data(**{name: jax.device_put(jnp.asarray(array), everywhere) for name, array in arrays.items()})


def _offset(tensors: Tensors) -> FloatArray:
    if tensors.output_offset is not None:
        return tensors.output_offset
    return np.zeros((len(tensors.fit_rows), tensors.n_outputs), np.float32)


def stack_members(specs: Sequence[MemberSpec], shape: Shape) -> Member:
    """Stack the traced inputs of some members along a new first axis."""
    return Member(
        learning_rate=jnp.array([spec.hyper.learning_rate for spec in specs], jnp.float32),
        dropout=jnp.array([spec.hyper.dropout for spec in specs], jnp.float32),
        l1=jnp.array([spec.hyper.l1 for spec in specs], jnp.float32),
        l2=jnp.array([spec.hyper.l2 for spec in specs], jnp.float32),
        label_smoothing=jnp.array([spec.hyper.label_smoothing for spec in specs], jnp.float32),
        seed=jnp.array([spec.seed for spec in specs], jnp.uint32),
        fold=jnp.array([spec.fold for spec in specs], jnp.int32),
        variant=jnp.array([spec.variant for spec in specs], jnp.int32),
        active=jnp.array([spec.active for spec in specs], bool),
        widths=jnp.array([shape.widths if spec.widths is None else spec.widths for spec in specs], jnp.int32),
    )


@functools.cache
def _compiled(shape: Shape, n_checkpoints: int):  # noqa: ANN202 - a pair of jitted functions
    """Build the program of one shape: start all members, and advance all members."""
    by_member, everywhere = PartitionSpec(MEMBER_AXIS), PartitionSpec()

    def start(members: Member, data: Data) -> State:
        n_validation = data.validation_rows.shape[1]
        return jax.lax.map(lambda one: start_member(shape, one, n_checkpoints, n_validation), members)

    def advance(
        members: Member, data: Data, checkpoints: jax.Array, state: State, bounds: jax.Array
    ) -> State:
        def one(pair: tuple[Member, State]) -> State:
            return advance_member(shape, pair[0], data, checkpoints, pair[1], (bounds[0], bounds[1]))

        return jax.lax.map(one, (members, state))

    split = functools.partial(jax.shard_map, mesh=make_mesh(), out_specs=by_member, check_vma=False)
    start_all = split(start, in_specs=(by_member, everywhere))
    advance_all = split(advance, in_specs=(by_member, everywhere, everywhere, by_member, everywhere))
    return jax.jit(start_all), jax.jit(advance_all, donate_argnums=(3,))


def compile_program(shape: Shape, data: Data, checkpoints: tuple[int, ...]) -> None:
    """Compile (or fetch from the cache) the program of a shape ahead of its first use."""
    spec = MemberSpec(_blank_hyper(shape), 0, 0, active=False)
    members, state = _start(shape, [spec] * group_size(), data, len(checkpoints))
    _compiled(shape, len(checkpoints))[1](
        members, data, jnp.array(checkpoints, jnp.int32), state, jnp.array([0, 0], jnp.int32)
    )


def _blank_hyper(shape: Shape) -> Hyper:
    zeros = (0.0,) * (len(shape.widths) + 1)
    return Hyper(learning_rate=0.0, dropout=zeros, l1=zeros, l2=zeros)


def _start(shape: Shape, specs: Sequence[MemberSpec], data: Data, n_checkpoints: int) -> tuple[Member, State]:
    start, _ = _compiled(shape, n_checkpoints)
    members = jax.device_put(
        stack_members(specs, shape), NamedSharding(make_mesh(), PartitionSpec(MEMBER_AXIS))
    )
    return members, start(members, data)


def run_members(
    shape: Shape,
    specs: Sequence[MemberSpec],
    data: Data,
    checkpoints: tuple[int, ...],
    *,
    stop_at: int | None = None,
    watch: Watch | None = None,
) -> MemberResults:
    """Train a group of members of one shape.

    A member trained in company equals the member trained alone, bit for bit, because members are mapped, not
    stacked, on the CPU.

    Args:
        shape: what is compiled.
        specs: the members, at most `group_size()`.
        data: arrays on the devices.
        checkpoints: epochs at which per-row losses are kept; the last is the last epoch.
        stop_at: number of checkpoints to run (all when left out); the weights are those at the last one run.
        watch: called after each checkpoint with its index and the results so far; returns True to stop. It makes
            the program return to the host at each checkpoint; the numbers do not change.
    """
    _, advance = _compiled(shape, len(checkpoints))
    n_given = len(specs)
    order = _spread(n_given)
    padding = replace(specs[0], active=False)
    slots = [padding if index < 0 else specs[index] for index in order]
    members, state = _start(shape, slots, data, len(checkpoints))
    place = np.argsort(np.where(order < 0, n_given, order), kind="stable")[:n_given]
    marks, last = jnp.array(checkpoints, jnp.int32), len(checkpoints) if stop_at is None else stop_at
    if watch is None:
        state = advance(members, data, marks, state, jnp.array([0, last], jnp.int32))
        return _fetch(state, place)
    results = _fetch(state, place)
    for index in range(last):
        state = advance(members, data, marks, state, jnp.array([index, index + 1], jnp.int32))
        results = _fetch(state, place)
        if watch(index, results):
            break
    return results


def _fetch(state: State, place: np.ndarray) -> MemberResults:
    host = jax.tree.map(lambda array: array[place], jax.device_get(state))
    return MemberResults(
        curves=host.curves,
        losses=host.losses,
        hits=host.hits,
        alive=host.alive,
        weights=tuple(weight for weight, _ in host.params),
        biases=tuple(bias for _, bias in host.params),
    )


def cut_units(results: MemberResults, widths: tuple[int, ...]) -> MemberResults:
    """Cut the unused units off the weights of members that share their real widths.

    Args:
        results: members of one configuration.
        widths: real units of each hidden layer.
    """
    n_layers = len(results.weights)
    ends = [None, *widths, None]
    weights = tuple(results.weights[i][:, : ends[i], : ends[i + 1]] for i in range(n_layers))
    biases = tuple(results.biases[i][:, : ends[i + 1]] for i in range(n_layers))
    return replace(results, weights=weights, biases=biases)
