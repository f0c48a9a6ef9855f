"""Augmentation of sequences [R, length, channels]: one channel a letter, perhaps one more that marks lower case."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from heldout.letters import BASES, RESIDUES
from heldout.nets.strands import read_other_strand
from heldout.random_bits import Stream, draw_bits, draw_uniform
from heldout.records import InputLayout

NUCLEIC, PROTEIC = "bases", "residues"
UNORIENTED = "bases of either strand"  # networks read both: turning them round changes nothing
LETTERS = (NUCLEIC, UNORIENTED, PROTEIC)


def name_kind(layout: InputLayout) -> str:
    """Name the kind of data that augmenters go by: sequences apart from other signals, nucleotides from proteins.

    Example:
        >>> name_kind(InputLayout("signal", (60, 4), letters="ACGT")), name_kind(InputLayout("signal", (60, 4)))
        ('bases', 'signal')
    """
    if not layout.letters:
        return layout.kind
    if layout.both_strands:
        return UNORIENTED
    return NUCLEIC if layout.letters == BASES else PROTEIC


def reverse_complement(stream: Stream, x: jax.Array, strength: jax.Array) -> jax.Array:
    """Read a share of the sequences from the other strand; what is shorter than the row stays aligned on the left.

    Args:
        stream: random numbers of this step.
        x: float32 [R, L, C], the first four channels A, C, G and T, so that the complement is their reverse.
        strength: share read from the other strand, 0 to 1.

    Example:
        >>> x = jnp.eye(4)[jnp.array([[0, 0, 1]])]  # AAC
        >>> reverse_complement(Stream(0, 4, 0, 40), x, 1.0)[0].argmax(axis=1).tolist()  # GTT
        [2, 3, 3]
    """
    is_turned = draw_uniform(stream, (x.shape[0], 1, 1)) < strength
    return jnp.where(is_turned, read_other_strand(x), x)


def mutate(stream: Stream, x: jax.Array, strength: jax.Array) -> jax.Array:
    """Replace a share of the letters by other ones, each equally likely; gaps and the mark of lower case stay.

    Args:
        stream: random numbers of this step.
        x: float32 [R, L, C]; with 20 or more channels the letters are amino acids, else bases.
        strength: share of the letters replaced, 0 to 1.

    Example:
        >>> bool((mutate(Stream(0, 4, 0, 41), jnp.eye(4)[None], 1.0) * jnp.eye(4)).any())
        False
    """
    n_letters = len(BASES) if x.shape[2] < len(RESIDUES) else len(RESIDUES)
    bits = draw_bits(stream, (x.shape[0], 2, x.shape[1]))
    is_replaced = (bits[:, 0] >> 8).astype(jnp.float32) * jnp.float32(2.0**-24) < strength
    away = jnp.where(is_replaced, 1 + bits[:, 1] % (n_letters - 1), 0).astype(jnp.int32)  # [R, L]
    sources = (jnp.arange(n_letters) - away[:, :, None]) % n_letters  # the channels are turned by `away`
    letters = jnp.take_along_axis(x[..., :n_letters], sources, axis=2)
    return jnp.concatenate([letters, x[..., n_letters:]], axis=2)
