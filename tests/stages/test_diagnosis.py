import json

from heldout.stages.diagnosing import diagnose
from heldout.stages.diagnosis import build_json, write_words

RISE = {"loss": [0.7, 0.5, 0.3, 0.2], "val_loss": [0.69, 0.4, 0.5, 0.8], "val_accuracy": [0.5, 0.9, 0.9, 0.5]}


def test_words_say_what_the_answer_rests_on_and_what_it_cannot_say():
    text = write_words(diagnose(RISE, n_validation=900, classes=2))
    for words in (
        "[HO131]",
        "Accuracy: 0.900",
        "read ",
        "rests on",
        "cannot say",
        "log next",
        "guessed by name",
    ):
        assert words in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_the_second_metric_is_an_answer_of_its_own():
    found = diagnose(RISE, n_validation=900, classes=2)
    (second,) = build_json(found)["second_metric"]
    assert (second["question"], second["answer"]) == ("accuracy", "yes")
    assert second["low"] < second["estimate"] == 0.4 < second["high"]
    assert build_json(diagnose({"loss": [0.7, 0.6], "val_loss": [0.7, 0.75]}))["second_metric"] == []


def test_undecided_says_what_would_decide():
    text = write_words(diagnose({"loss": [0.7, 0.6], "val_loss": [0.7, 0.75]}, n_validation=30, classes=2))
    assert "would decide - The same rise on" in text


def test_unknown_numbers_are_null():
    data = build_json(diagnose(RISE))
    json.dumps(data, allow_nan=False)
    assert data["curves"]["threshold"] is None
    assert data["verdict"]["word"] == "cannot tell"
    assert data["n_validation"] is None
