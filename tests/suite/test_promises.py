from heldout.suite.promises import PROMISES, QUESTIONS


def test_every_promise_is_named_once_and_says_what_it_bounds():
    keys = [promise.key for promise in PROMISES]
    assert len(set(keys)) == len(keys)
    for promise in PROMISES:
        assert promise.text
        assert promise.measure in ("share", "mean", "median", "p90", "p95", "error")
        assert promise.by in ("family", "size", "all")


def test_every_question_has_its_error_rates():
    keys = {promise.key for promise in PROMISES}
    for question in QUESTIONS:
        assert {f"{question}: {kind}" for kind in ("false yes", "false no", "wrong no")} <= keys
