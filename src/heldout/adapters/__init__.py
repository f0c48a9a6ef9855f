"""Logs of other tools as curves: one file a format, one table of formats."""

from heldout.adapters.record import Roles as Roles
from heldout.adapters.table import FORMATS as FORMATS
from heldout.adapters.table import ReadLogs as ReadLogs
from heldout.adapters.table import read_logs as read_logs
