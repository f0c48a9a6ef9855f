"""A list of trainings to run -> their results."""

from heldout.executors.local import LocalExecutor as LocalExecutor
from heldout.executors.local import RunStore as RunStore
from heldout.executors.local import Surroundings as Surroundings
