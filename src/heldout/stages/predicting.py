"""New raw rows through the delivered networks, read the way the study read its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from heldout.settings import Settings
from heldout.train.device import prepare_device

if TYPE_CHECKING:
    from heldout.bundle import PredictionReport


def predict_rows(
    model: str | Path,
    source: Any,  # noqa: ANN401 - a path or any data frame
    settings: Settings,
    *,
    allow_shift: bool,
) -> PredictionReport:
    """Predict the rows of a source with a study or a bundle.

    Args:
        model: folder of a study, or a bundle.
        source: path or frame with the columns the bundle needs; of examples a file, an archive or a folder.
        settings: how to read.
        allow_shift: predict although a column looks like another unit or kind.

    Raises:
        DataError: the rows cannot be read, or are not like those that the networks know.
        BundleError: the model is damaged or of another version.
    """
    prepare_device()
    # these load JAX, whose devices are settled now
    from heldout.bundle import load_bundle, predict_table
    from heldout.stages.reading import read_new

    bundle = load_bundle(model)
    policies = tuple(plan.policy for plan in bundle.recipe.arrays)
    return predict_table(bundle, read_new(source, settings, policies), allow_shift=allow_shift)
