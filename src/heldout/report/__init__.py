"""What a study shows: terminal answer, one JSON object, one HTML file.

The HTML report is imported from `heldout.report.html` (it draws, and drawing is slow to load).
"""

from heldout.report.answer import answer_text as answer_text
from heldout.report.answer import look_text as look_text
from heldout.report.answer import plan_text as plan_text
from heldout.report.content import Calibration as Calibration
from heldout.report.content import ColumnNote as ColumnNote
from heldout.report.content import Confusion as Confusion
from heldout.report.content import Costs as Costs
from heldout.report.content import LabelTable as LabelTable
from heldout.report.content import LookContent as LookContent
from heldout.report.content import Mistake as Mistake
from heldout.report.content import PlanContent as PlanContent
from heldout.report.content import PredictionInterval as PredictionInterval
from heldout.report.content import ReliabilityBin as ReliabilityBin
from heldout.report.content import SplitSummary as SplitSummary
from heldout.report.content import StudyContent as StudyContent
from heldout.report.machine import answer_json as answer_json
from heldout.report.machine import read_schema as read_schema
