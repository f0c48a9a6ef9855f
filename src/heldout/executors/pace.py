"""How fast this machine is beside the plan's fixed rates: what a budget needs to know before it begins something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

AUGMENTED_COMPILE = (
    2.0  # programs that augment take about twice as long to compile (measured on sequences: 1.9)
)


@dataclass(frozen=True)
class Offer:
    """What one more configuration would cost.

    Args:
        seconds: of training, by the plan's rates.
        program: what has to be compiled for it; equal things are compiled once.
        augments: whether that program augments.
        is_optional: whether cheaper ones may follow where it does not fit (a remedy), or none may (a rung).
    """

    seconds: float
    program: object
    augments: bool = False
    is_optional: bool = False


@dataclass
class Pace:
    """Seconds spent beside seconds estimated, and the longest compilation.

    Args:
        spent: seconds of all trainings so far.
        estimated: the same by the plan's rates.
        compiled: the longest compilation, in seconds.
    """

    spent: float = 0.0
    estimated: float = 0.0
    compiled: float = 0.0

    def expect(self, seconds: float) -> float:
        """Give the seconds that a training will take whose estimate is given.

        Example:
            >>> Pace(30.0, 10.0).expect(2.0)
            6.0
            >>> Pace().expect(2.0)
            2.0
        """
        return seconds * (self.spent / self.estimated if self.estimated else 1.0)

    def count_affordable(
        self, offers: Iterable[Offer], seconds: float, *, least: int, there: Iterable[object] = ()
    ) -> list[int]:
        """Say which of several trainings fit into the time that is left, the first `least` in any case.

        Args:
            offers: in the order in which they would be trained.
            seconds: what is left.
            least: so many are trained whatever it takes.
            there: programs that are compiled already.

        Returns:
            Their places.

        Example:
            >>> offers = [Offer(5.0, "a"), Offer(9.0, "a", is_optional=True), Offer(2.0, "a", is_optional=True)]
            >>> Pace(1.0, 1.0, 3.0).count_affordable(offers, 11.0, least=0)
            [0, 2]
        """
        kept: list[int] = []
        compiled, used = set(there), 0.0
        for place, offer in enumerate(offers):
            cost = self.expect(offer.seconds)
            if offer.program not in compiled:
                cost += self.compiled * (AUGMENTED_COMPILE if offer.augments else 1.0)
            if used + cost > seconds and len(kept) >= least:
                if offer.is_optional:
                    continue
                break
            kept.append(place)
            compiled.add(offer.program)
            used += cost
        return kept
