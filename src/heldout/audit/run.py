"""All questions to the data, in one list."""

from __future__ import annotations

from collections.abc import Callable

from heldout.audit.absent_groups import check_absent_groups
from heldout.audit.balance import check_balance
from heldout.audit.class_shares import check_class_shares
from heldout.audit.constants import check_constants
from heldout.audit.copies import check_copies
from heldout.audit.cut_keys import check_cut_keys
from heldout.audit.drift import check_drift
from heldout.audit.duplicates import check_duplicates
from heldout.audit.families import check_families
from heldout.audit.footnotes import check_footnotes
from heldout.audit.identifiers import check_identifiers
from heldout.audit.input import AuditInput
from heldout.audit.leaks import check_leaks
from heldout.audit.missing import check_missing
from heldout.audit.near import check_near
from heldout.audit.nice import judge_niceness
from heldout.audit.odd_pictures import check_odd_pictures
from heldout.audit.order import check_order
from heldout.audit.origins import check_origins
from heldout.audit.partial import check_partial
from heldout.audit.parts import check_parts
from heldout.audit.people import check_people
from heldout.audit.properties import check_properties
from heldout.audit.questions import check_questions
from heldout.audit.relations import check_relations
from heldout.audit.skew import check_skew
from heldout.audit.unread import check_unread
from heldout.audit.wild import check_wild
from heldout.audit.writing import check_writing
from heldout.records import Finding

CHECKS: tuple[Callable[[AuditInput], tuple[Finding, ...]], ...] = (
    check_duplicates,  # HO201 copies, HO202 conflicting labels
    check_balance,  # HO203 class balance, HO204 spelling of classes
    check_class_shares,  # HO255 class shares of declared parts
    check_missing,  # HO205 missing cells, HO206 missingness tied to the target
    check_constants,  # HO207 constant columns, HO208 repeated columns
    check_leaks,  # HO209 copies of the target, HO210 single columns that predict it
    check_families,  # HO211 rows of one unit
    check_skew,  # HO213 far values, HO214 capped target
    check_questions,  # HO215 what the cells left open
    check_near,  # HO216 near copies
    check_people,  # HO217 how people are counted
    check_relations,  # HO218 functions of other columns
    check_order,  # HO219 row order, HO225 columns of time, HO228 time zones
    check_drift,  # HO253 columns that change along the rows
    check_identifiers,  # HO226 identifiers
    check_cut_keys,  # HO254 keys cut by a spreadsheet
    check_parts,  # HO227 shift between declared parts
    check_wild,  # HO229 cells that look like entry errors
    check_partial,  # HO230 parts of a column that give the target away
    check_absent_groups,  # HO231 missingness tied to groups
    check_footnotes,  # HO233 marks lost with the formatting
    check_copies,  # HO241 near copies of pictures and texts, HO242 copies across declared parts
    check_writing,  # HO247 markup, control characters and damage of texts
    check_origins,  # HO243 headers, folders and sizes that tell the target
    check_properties,  # HO244 brightness, length, ... that tell the target
    check_odd_pictures,  # HO248 constant, dark, light and blurred pictures
    check_unread,  # HO249 to HO251 cells not read as they stand, HO252 rows that take no part
)


def run_audit(data: AuditInput) -> tuple[Finding, ...]:
    """Ask every question about the development rows.

    Checks that found nothing are in the result too, with the title "passed: ..." or "not applicable: ..." and
    severity info, so that a report can list what was looked for.

    Args:
        data: columns, target, split and the development rows.

    Returns:
        All findings in the order of `CHECKS`, then the five lines of `judge_niceness` (HO220 to HO224).
    """
    findings = _tell_once(tuple(finding for check in CHECKS for finding in check(data)))
    return (*findings, *judge_niceness(data, findings))


def _tell_once(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Leave out that a part of a column gives the target away where the whole column was said to (HO209)."""
    copies = [item.sentence for item in findings if item.code == "HO209" and item.column]
    return tuple(
        item
        for item in findings
        if item.code != "HO230" or not item.column or not any(repr(item.column) in told for told in copies)
    )
