"""Shipped examples."""

from heldout.demos.catalogue import DEMOS as DEMOS
from heldout.demos.catalogue import Demo as Demo
from heldout.demos.catalogue import find_demo as find_demo
