"""Shipped examples: the whole study on real data, and the lecture in pieces."""

from heldout.demos.catalogue import DEMOS as DEMOS
from heldout.demos.catalogue import LectureDemo as LectureDemo
from heldout.demos.catalogue import StudyDemo as StudyDemo
from heldout.demos.catalogue import find_demo as find_demo
from heldout.demos.catalogue import list_demos as list_demos
from heldout.demos.frame import DemoOutcome as DemoOutcome
from heldout.demos.frame import DemoPage as DemoPage
from heldout.demos.frame import DemoRequest as DemoRequest
from heldout.demos.frame import DemoSection as DemoSection
from heldout.demos.frame import DemoTable as DemoTable
from heldout.demos.frame import start_demo as start_demo
