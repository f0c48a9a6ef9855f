"""Pieces of words by byte-pair encoding: what a word not seen before is made of.

The pieces are learned by the library `tokenizers` (the extra `bpe`) and kept as plain lists, by which words are cut
without it: a bundle needs no extra.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from heldout.errors import RecipeError

INNER = "##"  # before a piece that does not begin a word; no word holds the character
LONGEST_CUT = 64  # characters; a longer word is one unknown piece (assumption: no language writes such words)


def learn_pieces(words: Mapping[str, int], *, size: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Learn pieces from the words of the fit rows, merging the most frequent pair of neighbours again and again.

    Args:
        words: word -> how often it stands in the fit rows.
        size: pieces at most; single characters count too and are never left out.

    Returns:
        The pieces, single characters first, and the merges in their order, both halves joined by a blank.

    Raises:
        RecipeError: the extra `bpe` is not installed.

    Source:
        Sennrich, Haddow & Birch 2016, "Neural machine translation of rare words with subword units".
    """
    try:
        from tokenizers import (  # pyright: ignore[reportMissingImports]
            Tokenizer,
            models,
            pre_tokenizers,
            trainers,
        )
    except ImportError:
        raise RecipeError(
            "pieces of words are learned by the library tokenizers, which is not installed",
            hint="pip install 'heldout[bpe]', or leave the setting pieces out",
        ) from None
    import json

    tokenizer = Tokenizer(models.BPE(continuing_subword_prefix=INNER))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # type: ignore[assignment]  # as its own page has it
    kept = sorted((word, count) for word, count in words.items() if len(word) <= LONGEST_CUT)
    letters = {word[0] for word, _ in kept} | {INNER + letter for word, _ in kept for letter in word[1:]}
    # without numbers of their own, given here, characters are numbered in the order of a hash, which breaks ties
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        continuing_subword_prefix=INNER,
        special_tokens=sorted(letters),
        show_progress=False,
    )
    tokenizer.train_from_iterator((" ".join([word] * count) for word, count in kept), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    pieces = sorted(model["vocab"], key=model["vocab"].__getitem__)
    merges = (merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"])
    return tuple(pieces), tuple(merges)


def rank_merges(merges: Iterable[str]) -> dict[tuple[str, str], int]:
    """Give the rank of each pair that is merged, the earliest 0.

    Example:
        >>> rank_merges(("a ##b",))
        {('a', '##b'): 0}
    """
    return {(one, other): rank for rank, (one, other) in enumerate(merge.split(" ") for merge in merges)}


def cut_word(word: str, ranks: Mapping[tuple[str, str], int]) -> list[str]:
    """Cut a word into pieces: from its characters on, the earliest learned merge first.

    Args:
        word: in lower case, not empty.
        ranks: of `rank_merges`.

    Returns:
        Pieces in their order, all but the first with "##" before them.

    Example:
        >>> cut_word("abab", rank_merges(("a ##b", "##a ##b")))
        ['ab', '##ab']
    """
    if len(word) > LONGEST_CUT:
        return [word]
    pieces = [word[0], *(INNER + letter for letter in word[1:])]
    while len(pieces) > 1:
        pairs = zip(pieces, pieces[1:], strict=False)
        rank, place = min((ranks.get(pair, len(ranks)), place) for place, pair in enumerate(pairs))
        if rank == len(ranks):
            break
        pieces[place : place + 2] = [pieces[place] + pieces[place + 1].removeprefix(INNER)]
    return pieces
