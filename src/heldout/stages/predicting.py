"""New raw rows through the delivered networks, read the way the study read its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heldout.errors import StudyError
from heldout.report.sentences import answer_skill, headline_chosen
from heldout.report.summary import tell_contradiction
from heldout.settings import Settings
from heldout.stages.loading import load_content, refuse_unfinished
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
        StudyError: the study is not finished.
    """
    refuse_unfinished(Path(model))
    prepare_device()
    # these load JAX, whose devices are settled now
    from heldout.bundle import load_bundle, predict_table
    from heldout.stages.reading import read_new

    bundle = load_bundle(model)
    policies = tuple(plan.policy for plan in bundle.recipe.arrays)
    report = predict_table(bundle, read_new(source, settings, policies), allow_shift=allow_shift)
    warning = warn_of_verdict(Path(model))
    return replace(report, notes=(warning, *report.notes)) if warning else report


def warn_of_verdict(model: Path) -> str:
    """Say that the study behind a model did not show that it is worth using; nothing where it did or is not there.

    Args:
        model: folder of a study, or a bundle that lies in one.
    """
    folder = model if model.is_dir() else model.parent
    try:
        content = load_content(folder)
    except StudyError:
        return ""  # a bundle that was copied out of its study carries its card alone
    answer = answer_skill(content.chosen)
    if content.chosen is None or content.chosen.word == "data or bug":
        return f"the study in {str(folder)!r} came to no verdict on these networks: {headline_chosen(content.chosen)}"
    if not answer.startswith("Yes"):
        verdict = headline_chosen(content.chosen).lower()
        return (
            "it is not shown that these predictions are better than a constant guess: the verdict of "
            f"{str(folder)!r} is {verdict!r}"
        )
    return tell_contradiction(content)
