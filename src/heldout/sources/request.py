"""What may be said to the readers beside the place of the data: how examples, labels and pictures are found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heldout.records import ArrayPolicy, Kind

# Longest side in pixels of square pictures, and their area squared: a network of 2 cores sees 50,000 pictures of 64 x
# 64 pixels in minutes (assumption; to be set by `side`).
SIDE = 64


@dataclass(frozen=True)
class Request:
    """What the user or an earlier study says about the reading.

    Args:
        policies: policies of an earlier reading, so that new examples are read the same way; empty to decide.
        is_fixed: the policies are all that the earlier reading had: cells that were no picture and no signal then
            are none now.
        label_pattern: regular expression on headers of sequences or on file names; its first group (or all of it) is
            the label.
        cache: folder for memory-mapped arrays, or None to keep them in memory (above 1 GB in a temporary file).
        side: pictures get at most this many pixels squared.
        hdu: name or number of the FITS extension to read, "" to find it.
        encoding: codec of texts, None to find it.
        labels: table of labels to be joined to the examples, or None.
        key: column of `labels` that holds the id, "" to find it.
        images: folder or archive that the paths of pictures in a table are relative to; None is the table's own.
        declared: columns with a part of their own (target, group, time, ...), never in a picture or signal.
        kept: columns of which the user says how they are read; neither they nor the run they stand in become a
            picture or signal.
    """

    policies: tuple[ArrayPolicy, ...] = ()
    is_fixed: bool = False
    label_pattern: str = ""
    cache: Path | None = None
    side: int = SIDE
    hdu: str = ""
    encoding: str | None = None
    labels: Path | None = None
    key: str = ""
    images: Path | None = None
    declared: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def policy(self, kind: Kind) -> ArrayPolicy | None:
        """The given policy of a kind of array, or None when it is to be decided."""
        return next((policy for policy in self.policies if policy.kind is kind), None)
