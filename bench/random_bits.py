"""Random bits: what a dropout mask costs inside a training step, and whether the bits are sound.

    python bench/random_bits.py cost                      microseconds a step, seconds to compile
    python bench/random_bits.py battery [NAME ...] [--words 67108864] [--pairs 10000]
    python bench/random_bits.py words NAME | dieharder -g 200 -a -Y 1

`battery` has ten tests from published definitions (Knuth, TAOCP 2, 3.3.2; Marsaglia's birthday spacings in the form
of plain collisions; L'Ecuyer & Simard's Hamming independence), on the words in the six orders in which neighbouring
counters can meet, then on pairs of streams. `words` writes all six orders in turns, raw, for any other battery.
Processor seconds of one thread, so that other work on the machine disturbs little.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import binom, chi2, kstest, norm, poisson
from shared import describe_machine, print_table

from heldout.random_bits import Stream, Words, _mix_key, _scramble

Hash = Callable[[jax.Array, Words], jax.Array]
Order = Callable[[jax.Array], tuple[Stream, jax.Array]]
BLOCK = 2**20  # words made at once
LIMIT = 1e-3  # a battery fails when its smallest p, times the number of its tests, is below


# --------------------------------------------------------------------------------------------------- candidates
def hash_shifted(count: jax.Array, key: Words) -> jax.Array:
    """lowbias32 with a key at its start only: every stream is one sequence, shifted. Must fail."""
    x = count + key[0]
    x = (x ^ (x >> 16)) * jnp.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * jnp.uint32(0x846CA68B)
    return x ^ (x >> 16)


def hash_two_rounds(count: jax.Array, key: Words) -> jax.Array:
    """lowbias32 with a key at each round and the early state added at the end."""
    x = count + key[0]
    x = (x ^ (x >> 16)) * jnp.uint32(0x7FEB352D)
    early = x ^ (x >> 15)
    x = (early + key[1]) * jnp.uint32(0x846CA68B)
    return x ^ (x >> 16) ^ early ^ key[2]


def hash_invertible(count: jax.Array, key: Words) -> jax.Array:
    """triple32 with keys, without the early state: no word repeats within a stream. Must fail on collisions."""
    return _scramble(count, key)[0]


def hash_three_rounds(count: jax.Array, key: Words) -> jax.Array:
    """triple32 with keys and the early state: `draw_bits`."""
    mixed, early = _scramble(count, key)
    return mixed ^ early


def hash_threefry(count: jax.Array, key: Words) -> jax.Array:
    """Threefry-2x32 with 13 rounds, the fewest that pass BigCrush (Salmon et al. 2011)."""
    keys = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(0x1BD11BDA))
    a, b = count // 2 + keys[0], jnp.broadcast_to(keys[1], count.shape)
    turns = (13, 15, 26, 6, 17, 29, 16, 24)
    for index in range(13):
        a = a + b
        turn = turns[index % 8]
        b = ((b << turn) | (b >> (32 - turn))) ^ a
        if index % 4 == 3:
            group = index // 4 + 1
            a, b = a + keys[group % 3], b + keys[(group + 1) % 3] + jnp.uint32(group)
    return jnp.where(count % 2 == 0, a, b)


CANDIDATES: dict[str, Hash] = {
    "shifted": hash_shifted,
    "invertible": hash_invertible,
    "two-rounds": hash_two_rounds,
    "three-rounds": hash_three_rounds,
    "threefry-13": hash_threefry,
}


# ------------------------------------------------------------------------------------------------------- orders
def order_elements(p: jax.Array) -> tuple[Stream, jax.Array]:
    """One stream, word after word."""
    zero = p * 0
    return Stream(zero + 7, zero + 2, zero, zero), p


def order_steps(p: jax.Array) -> tuple[Stream, jax.Array]:
    """4,096 words of each step, as the engine uses them."""
    zero = p * 0
    return Stream(zero + 7, zero + 3, p >> 12, zero), p & 4095


def order_across(p: jax.Array) -> tuple[Stream, jax.Array]:
    """The same word of 4,096 consecutive steps, then the next word."""
    zero = p * 0
    return Stream(zero + 7, zero + 4, (p & 4095) | ((p >> 24) << 12), zero), (p >> 12) & 4095


def order_seeds(p: jax.Array) -> tuple[Stream, jax.Array]:
    """The same word of 4,096 consecutive seeds, then the next word."""
    zero = p * 0
    return Stream((p & 4095) | ((p >> 24) << 12), zero + 5, zero, zero), (p >> 12) & 4095


def order_places(p: jax.Array) -> tuple[Stream, jax.Array]:
    """The same word of four layers, then the next word, then the next step."""
    zero = p * 0
    return Stream(zero + 7, zero + 6, p >> 14, p & 3), (p >> 2) & 4095


def order_mixed(p: jax.Array) -> tuple[Stream, jax.Array]:
    """Everything in turns: 8 seeds, 4 places, 1,024 steps, 32 words, 8 purposes, further seeds."""
    return Stream((p & 7) | ((p >> 23) << 3), ((p >> 20) & 7) + 8, (p >> 5) & 1023, (p >> 3) & 3), (
        p >> 15
    ) & 31


# each order has purposes of its own: a word that came twice would look like a fault of the hash
ORDERS: tuple[Order, ...] = (
    order_elements, order_steps, order_across, order_seeds, order_places, order_mixed,
)  # fmt: skip


def make_words(hash_of: Hash, order: Order) -> Callable[[int], np.ndarray]:
    """Give a compiled function from the number of a block to its `BLOCK` words."""

    @jax.jit
    def block(first: jax.Array) -> jax.Array:
        stream, count = order(jax.lax.iota(jnp.uint32, BLOCK) + first)
        return hash_of(count, _mix_key(stream))

    return lambda index: np.asarray(block(jnp.uint32(index * BLOCK % 2**32)))


# ------------------------------------------------------------------------------------------------------ battery
@dataclass
class Tally:
    """Counts of one order; each becomes one p."""

    halves: np.ndarray  # [2, 65536] of the high and the low 16 bits
    pairs: np.ndarray  # [4, 65536] two bytes of neighbouring words: high and low byte, distance 1 and 4096
    weights: np.ndarray  # [33] set bits of the exclusive or of neighbours
    corners: np.ndarray  # [32, 64] bit i equal to bit j of the next word, and to bit j of the word after
    repeats: int = 0
    n_blocks: int = 0
    n_corners: int = 0

    def add(self, words: np.ndarray) -> None:
        """Count one block."""
        self.n_blocks += 1
        for row, half in enumerate((words >> 16, words & 65535)):
            self.halves[row] += np.bincount(half, minlength=65536)
        for row, (shift, distance) in enumerate(((24, 1), (0, 1), (24, 4096), (0, 4096))):
            byte = (words >> np.uint32(shift)) & np.uint32(255)
            self.pairs[row] += np.bincount(byte[:-distance] << 8 | byte[distance:], minlength=65536)
        # every second distance, so that the terms are independent
        self.weights += np.bincount(np.bitwise_count(words[0::2] ^ words[1::2]), minlength=33)
        ordered = np.sort(words)
        self.repeats += int(np.count_nonzero(ordered[1:] == ordered[:-1]))
        part = words[: 3 * 2**15].reshape(-1, 3)
        bits = [
            ((part[:, c : c + 1] >> np.arange(32, dtype=np.uint32)) & 1).astype(np.float32) * 2 - 1
            for c in range(3)
        ]
        self.corners += bits[0].T @ np.concatenate(bits[1:], axis=1)
        self.n_corners += part.shape[0]

    def judge(self) -> dict[str, float]:
        """Give the p of each test, two-sided: too even is as wrong as too uneven."""
        expected = binom.pmf(np.arange(33), 32, 0.5) * self.weights.sum()
        inner = slice(4, 29)  # at least a few expected in each
        seen = np.r_[self.weights[inner], self.weights.sum() - self.weights[inner].sum()]
        meant = np.r_[expected[inner], expected.sum() - expected[inner].sum()]
        largest = np.abs(self.corners).max() / np.sqrt(self.n_corners)
        m = 2.0**32
        lost = BLOCK - m * -np.expm1(BLOCK * np.log1p(-1 / m))
        return {
            "high half": flat_p(self.halves[0]),
            "low half": flat_p(self.halves[1]),
            "byte pairs": min(1.0, 4 * min(flat_p(row) for row in self.pairs)),
            "hamming": fold(chi2.sf(((seen - meant) ** 2 / meant).sum(), len(seen) - 1)),
            "bit by bit": min(1.0, 2 * norm.sf(largest) * self.corners.size),
            "collisions": count_p(self.repeats, lost * self.n_blocks),
        }


def fold(p: float) -> float:
    """Give the two-sided p of an upper tail."""
    return float(min(1.0, 2 * min(p, 1 - p)))


def flat_p(counts: np.ndarray) -> float:
    """Give the p of equal shares."""
    mean = counts.mean()
    return fold(chi2.sf(((counts - mean) ** 2).sum() / mean, counts.size - 1))


def count_p(seen: int, mean: float) -> float:
    """Give the two-sided p of a Poisson count."""
    return float(min(1.0, 2 * min(poisson.sf(seen - 1, mean), poisson.cdf(seen, mean))))


def judge_order(hash_of: Hash, order: Order, n_words: int) -> dict[str, float]:
    """Count all words of one order and judge them."""
    words = make_words(hash_of, order)
    tally = Tally(
        np.zeros((2, 65536), np.int64),
        np.zeros((4, 65536), np.int64),
        np.zeros(33, np.int64),
        np.zeros((32, 64)),
    )
    for index in range(max(1, n_words // BLOCK)):
        tally.add(words(index))
    return tally.judge()


def list_pairs(n_pairs: int) -> Iterator[tuple[Stream, Stream]]:
    """Give pairs of streams as near to each other as a study has them."""
    rng = np.random.default_rng(11)
    for index in range(n_pairs):
        near = [int(v) for v in (rng.integers(200), rng.integers(8), rng.integers(20_000), rng.integers(6))]
        other, field = list(near), index % 4
        kind = index // 4 % 3
        if kind == 0:
            other[field] += 1
        elif kind == 1:
            other[field] ^= 1 << int(rng.integers(32))
        else:  # two fields changed such that their sum stays
            other[field], other[(field + 1) % 4] = near[field] + 1, near[(field + 1) % 4] - 1
        yield Stream(*(v % 2**32 for v in near)), Stream(*(v % 2**32 for v in other))


def judge_pairs(hash_of: Hash, n_pairs: int, n_words: int = 2**15) -> dict[str, float]:
    """Compare pairs of streams word by word, bit by bit, and as sets; Bonferroni over pairs and bits."""

    @jax.jit
    def draw(first: Stream, second: Stream) -> tuple[jax.Array, jax.Array]:
        count = jax.lax.iota(jnp.uint32, n_words)
        return hash_of(count, _mix_key(first)), hash_of(count, _mix_key(second))

    scores, largest, common = [], 0.0, 0
    weight = 1 << np.arange(32, dtype=np.uint32)
    for pair in list_pairs(n_pairs):
        streams = (Stream(*(np.uint32(v) for v in stream)) for stream in pair)
        a, b = (np.asarray(words) for words in draw(*streams))
        apart = a ^ b
        ones = np.bitwise_count(apart).sum(dtype=np.int64)
        scores.append((ones - 16 * n_words) / np.sqrt(8 * n_words))
        each = np.array([np.count_nonzero(apart & bit) for bit in weight])
        largest = max(largest, np.abs(each - n_words / 2).max() / np.sqrt(n_words / 4))
        common += np.intersect1d(a, b).size
    worst = np.abs(scores).max()
    return {
        "pairs: worst": min(1.0, 2 * norm.sf(worst) * n_pairs),
        "pairs: all": float(kstest(scores, "norm").pvalue),
        "pairs: worst bit": min(1.0, 2 * norm.sf(largest) * n_pairs * 32),
        "pairs: common words": count_p(common, n_pairs * n_words * (n_words / 2.0**32)),
    }


def show_battery(names: list[str], n_words: int, n_pairs: int) -> None:
    """Print the smallest p of each test over the orders, and the verdict after Bonferroni."""
    print(f"{describe_machine()}; {len(ORDERS)} orders of {n_words} words each, {n_pairs} pairs of streams\n")
    rows, head = [], []
    for name in names:
        parts = [judge_order(CANDIDATES[name], order, n_words) for order in ORDERS]
        for order, part in zip(ORDERS, parts, strict=True):
            print(name, order.__name__, {test: f"{p:.2g}" for test, p in part.items()}, flush=True)
        found = {test: min(part[test] for part in parts) for test in parts[0]}
        found |= judge_pairs(CANDIDATES[name], n_pairs) if n_pairs else {}
        n_tests = len(parts) * len(parts[0]) + (4 if n_pairs else 0)
        verdict = "FAILS" if min(found.values()) * n_tests < LIMIT else "passes"
        head = ["candidate", *found, f"worst p x {n_tests}"]
        rows.append([name, *(f"{p:.2g}" for p in found.values()), verdict])
    print()
    print_table(head, rows)


def write_words(name: str) -> None:
    """Write raw words to standard output until it is closed; says how many on standard error."""
    makers = [make_words(CANDIDATES[name], order) for order in ORDERS]
    written, index = 0, 0
    with os.fdopen(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as out:
        while True:
            try:
                for make in makers:
                    out.write(memoryview(make(index)).cast("B"))
                    written += BLOCK
            except BrokenPipeError:
                break
            index += 1
    print(f"{written} words written", file=sys.stderr)


# --------------------------------------------------------------------------------------------------------- cost
Masks = Callable[[jax.Array, jax.Array], tuple[jax.Array, ...]]
ROWS, SIZES, N_STEPS = 128, (30, 128, 128), 400
N_UNITS = ROWS * sum(SIZES)


def scale(keep: jax.Array, share: jax.Array) -> jax.Array:
    return jnp.where(keep, 1.0 / (1.0 - share), 0.0)


def masks_of(hash_of: Hash) -> Masks:
    """Draw one stream a layer, as `keep_mask` does."""

    def draw(step: jax.Array, rates: jax.Array) -> tuple[jax.Array, ...]:
        masks = []
        for place, size in enumerate(SIZES):
            count = jax.lax.iota(jnp.uint32, ROWS * size).reshape(ROWS, size)
            key = _mix_key(Stream(jnp.uint32(7), jnp.uint32(2), step, jnp.uint32(place)))
            threshold = (rates[place] * 2.0**32).astype(jnp.uint32)
            masks.append(scale(hash_of(count, key) >= threshold, rates[place]))
        return tuple(masks)

    return draw


def masks_jax(bits: int) -> Masks:
    """Draw with jax's threefry, 8 or 32 bits a unit, under a condition on the rates."""
    kind = {8: jnp.uint8, 32: jnp.uint32}[bits]

    def draw(step: jax.Array, rates: jax.Array) -> tuple[jax.Array, ...]:
        key = jax.random.fold_in(jax.random.wrap_key_data(jnp.array([2, 7], jnp.uint32)), step)

        def drawn() -> tuple[jax.Array, ...]:
            words = jax.random.bits(key, (ROWS, sum(SIZES)), kind)
            parts = jnp.split(words, np.cumsum(SIZES)[:-1], axis=1)
            return tuple(
                scale(part >= (rates[place] * 2.0**bits).astype(kind), rates[place])
                for place, part in enumerate(parts)
            )

        return jax.lax.cond(
            jnp.any(rates > 0), drawn, lambda: tuple(jnp.ones((ROWS, size)) for size in SIZES)
        )

    return draw


def measure_step(masks: Masks | None) -> tuple[float, float]:
    """Give processor microseconds a step (best of five runs) and processor seconds to trace and compile."""
    x = jnp.sin(jnp.arange(4096 * SIZES[0], dtype=jnp.float32)).reshape(4096, -1)
    y = (x[:, 0] > 0).astype(jnp.float32)
    dims = (*SIZES, 1)
    params = [
        (jnp.cos(jnp.arange(a * b, dtype=jnp.float32)).reshape(a, b) / 8, jnp.zeros(b))
        for a, b in zip(dims[:-1], dims[1:], strict=True)
    ]

    def loss(params: list, rows: jax.Array, factors: tuple[jax.Array, ...] | None) -> jax.Array:
        hidden = x[rows]
        for index, (w, b) in enumerate(params):
            hidden = (hidden if factors is None else hidden * factors[index]) @ w + b
            hidden = jax.nn.relu(hidden) if index < len(params) - 1 else hidden
        return jnp.mean(jax.nn.softplus(hidden[:, 0]) - hidden[:, 0] * y[rows])

    def train(params: list, rates: jax.Array) -> list:
        def step(index: jax.Array, state: tuple) -> tuple:
            params, mean, square = state
            rows = (index * ROWS + jnp.arange(ROWS)) % 4096
            slope = jax.grad(loss)(params, rows, masks(index, rates) if masks else None)
            mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, slope)
            square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, square, slope)
            params = jax.tree.map(lambda p, m, v: p - 1e-3 * m / (jnp.sqrt(v) + 1e-8), params, mean, square)
            return params, mean, square

        zeros = jax.tree.map(jnp.zeros_like, params)
        return jax.lax.fori_loop(0, N_STEPS, step, (params, zeros, zeros))[0]

    rates = jnp.full(len(SIZES), 0.2)
    start = time.process_time()
    program = jax.jit(train).lower(params, rates).compile()
    compiling = time.process_time() - start
    seconds = []
    for _ in range(5):
        start = time.process_time()
        jax.block_until_ready(program(params, rates))
        seconds.append(time.process_time() - start)
    return min(seconds) / N_STEPS * 1e6, compiling


def show_cost() -> None:
    """Print what each candidate adds to a step of batch 128, 30 -> 128 -> 128 -> 1, dropout 0.2 on each input."""
    print(f"{describe_machine()}; {N_UNITS} mask units a step, best of 2 x 5 runs of {N_STEPS} steps\n")
    kinds: dict[str, Masks | None] = {"none": None, "jax threefry, 8 bits": masks_jax(8)}
    kinds["jax threefry, 32 bits"] = masks_jax(32)
    kinds |= {name: masks_of(hash_of) for name, hash_of in CANDIDATES.items()}
    runs = [{name: measure_step(masks) for name, masks in kinds.items()} for _ in range(2)]
    best = {name: tuple(min(run[name][i] for run in runs) for i in (0, 1)) for name in kinds}
    plain = best["none"][0]
    rows = [
        [name, f"{us:.0f}", f"{(us - plain) * 1e3 / N_UNITS:.2f}", f"{seconds:.2f}"]
        for name, (us, seconds) in best.items()
    ]
    print_table(["masks", "us a step", "ns a unit more", "s to compile"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["cost", "battery", "words"])
    parser.add_argument("names", nargs="*", default=list(CANDIDATES))
    parser.add_argument("--words", type=int, default=2**26, help="of each order")
    parser.add_argument("--pairs", type=int, default=10_000)
    given = parser.parse_args()
    if given.what == "cost":
        show_cost()
    elif given.what == "battery":
        show_battery(given.names, given.words, given.pairs)
    else:
        write_words(given.names[0])


if __name__ == "__main__":
    main()
