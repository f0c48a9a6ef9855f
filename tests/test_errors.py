import pytest

from heldout import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.UsageError, 2),
        (errors.DataError, 3),
        (errors.RecipeError, 3),
        (errors.BundleError, 3),
        (errors.StudyError, 3),
        (errors.RequirementError, 4),
    ],
)
def test_exit_codes(kind, code):
    assert kind("x").exit_code == code
    with pytest.raises(ValueError, match="x\n  -> do y"):
        raise kind("x", hint="do y")


def test_interruption_carries_its_code():
    assert errors.StudyInterrupted().exit_code == 130
    assert errors.StudyInterrupted(143).exit_code == 143
