"""Codes of what the evidence itself lacks: test rows, seeds, a fair opponent."""

from __future__ import annotations

from heldout.codes.record import Code

EVIDENCE_CODES: tuple[Code, ...] = (
    Code(
        "HO401",
        "test rows looked at before",
        "these test rows had been opened by an earlier study: its choice and this one may have been fitted to them",
        "any earlier opening in the journal of the runs folder, by the fingerprint of the data",
        "exact for openings on this machine; openings elsewhere are not known",
    ),
    Code(
        "HO402",
        "no untouched rows",
        "no row was sealed, so that the score is the estimate of the whole procedure and not of the delivered network",
        "under 200 rows or under 30 groups, the user's own parts name no test rows, or declared test rows are known "
        "from the development rows",
        "exact",
    ),
    Code(
        "HO403",
        "a simpler method is not beaten",
        "it is not shown that the network is better than the strongest simple predictor that was run beside it",
        "the upper 95 % bound of the paired difference in loss, network minus simple predictor, is not below 0",
        "states that something was not shown, and so claims nothing",
    ),
    Code(
        "HO404",
        "development and test disagree",
        "the score on the sealed rows and that on the development rows differ by more than both intervals allow: "
        "the development estimate was optimistic, or the test rows come from elsewhere",
        "the two 95 % intervals of the primary metric do not overlap; or the network is shown to be better than a "
        "constant guess on development rows and not on test rows",
        "two independent 95 % intervals of the same number fail to overlap in less than 1 % of cases",
    ),
)
