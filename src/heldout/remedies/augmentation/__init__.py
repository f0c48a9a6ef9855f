"""Augmentation: examples are changed at every step in ways that leave their label as it is."""

from heldout.remedies.augmentation.add import add_augmentation as add_augmentation
from heldout.remedies.augmentation.batch import AUGMENTERS as AUGMENTERS
from heldout.remedies.augmentation.batch import MIXUP as MIXUP
from heldout.remedies.augmentation.batch import Augmenter as Augmenter
from heldout.remedies.augmentation.batch import Batch as Batch
from heldout.remedies.augmentation.batch import augment_batch as augment_batch
from heldout.remedies.augmentation.batch import find_augmenter as find_augmenter
from heldout.remedies.augmentation.batch import find_kinds as find_kinds
from heldout.remedies.augmentation.batch import list_augmenters as list_augmenters
from heldout.remedies.augmentation.combinations import describe_augmentation as describe_augmentation
from heldout.remedies.augmentation.combinations import find_largest as find_largest
from heldout.remedies.augmentation.combinations import list_parts as list_parts
from heldout.remedies.augmentation.examples import augment_examples as augment_examples
from heldout.remedies.augmentation.examples import show_pattern as show_pattern
from heldout.remedies.augmentation.planned import list_planned as list_planned
