import pytest

from heldout.errors import UsageError
from heldout.evidence.codes import CODES, LOGGED_CODES
from heldout.evidence.logged_records import LoggedSettings, check_settings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_validation": 0}, "the number of validation rows is 0: expected at least 1"),
        ({"n_classes": 1}, "--classes 1: expected at least 2"),
        ({"constant_loss": -0.5}, "the constant loss is -0.5: expected a positive number"),
        ({"tolerance": float("nan")}, "the tolerance is nan: expected a positive number"),
        ({"loss": "dice"}, "unknown kind of loss 'dice'"),
    ],
)
def test_settings_that_cannot_be(settings, words):
    with pytest.raises(UsageError, match=words):
        check_settings(LoggedSettings(**settings))


def test_codes_are_unlike_all_others():
    mine = {item.code for item in LOGGED_CODES}
    others = {item.code for item in CODES if item not in LOGGED_CODES}
    assert len(mine) == 3
    assert not mine & others
