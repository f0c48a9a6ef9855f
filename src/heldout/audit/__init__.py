"""Questions to the development rows: one file a question, each with an exact answer."""

from heldout.audit.input import AuditInput as AuditInput
from heldout.audit.nice import judge_niceness as judge_niceness
from heldout.audit.properties import sample_rows as sample_rows
from heldout.audit.run import CHECKS as CHECKS
from heldout.audit.run import run_audit as run_audit
