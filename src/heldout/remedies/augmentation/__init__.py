"""Augmentation: examples are changed at every step in ways that leave their label as it is."""

from heldout.remedies.augmentation.add import add_augmentation as add_augmentation
from heldout.remedies.augmentation.batch import AUGMENTERS as AUGMENTERS
from heldout.remedies.augmentation.batch import MIXUP as MIXUP
from heldout.remedies.augmentation.batch import Augmenter as Augmenter
from heldout.remedies.augmentation.batch import Batch as Batch
from heldout.remedies.augmentation.batch import augment_batch as augment_batch
from heldout.remedies.augmentation.batch import find_augmenter as find_augmenter
from heldout.remedies.augmentation.batch import list_augmenters as list_augmenters
