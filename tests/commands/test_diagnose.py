import json
import subprocess
import sys
from pathlib import Path

import pytest

from heldout.cli import main

FIXTURES = Path(__file__).parents[1] / "adapters" / "fixtures"
HISTORY = str(FIXTURES / "keras" / "history.csv")


@pytest.fixture(autouse=True)
def _restore(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


def run(*arguments, capsys):
    code = main(["diagnose", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_answer_in_words(capsys):
    code, out, err = run(HISTORY, "--n-validation", "900", "--classes", "2", capsys=capsys)
    assert (code, err) == (0, "")
    assert out.startswith("Overfit")
    assert "It shows from epoch 9 on" in " ".join(out.split())


def test_answer_as_object(capsys):
    code, out, _ = run(HISTORY, "--n-validation", "900", "--json", capsys=capsys)
    assert code == 0
    assert json.loads(out)["schema"] == "heldout/diagnosis/1"


def test_gate(capsys):
    code, out, err = run(HISTORY, "--n-validation", "900", "--require", "verdict!=overfit", capsys=capsys)
    assert code == 4
    assert out.startswith("Overfit")
    assert "required verdict!=overfit, but the verdict is 'overfit'" in err
    assert run(HISTORY, "--n-validation", "40", "--require", "verdict!=overfit", capsys=capsys)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["no.csv"], 3, "there is no file 'no.csv'"),
        ([HISTORY, "--val-loss", "x"], 2, "no column 'x' for --val-loss"),
        ([HISTORY, "--n-validation", "0"], 2, "the number of validation rows is 0"),
        ([HISTORY, "--format", "lightnin"], 2, "unknown format 'lightnin'"),
        ([HISTORY, "--loss", "dice"], 2, "'dice' is not one of"),
        ([HISTORY, "--require", "fine"], 2, "--require 'fine' cannot be read"),
        ([], 2, "Missing argument"),
    ],
)
def test_refusals(arguments, code, words, capsys):
    found, out, err = run(*arguments, capsys=capsys)
    assert (found, out) == (code, "")
    assert words in err


def test_columns_by_option(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("when,a,b,right\n1,0.7,0.6,0.5\n2,0.5,0.4,0.9\n3,0.3,0.9,0.4\n")
    options = ["--train-loss", "a", "--val-loss", "b", "--epoch", "when", "--accuracy", "right"]
    code, out, _ = run(str(tmp_path / "a.csv"), *options, "--n-validation", "5000", capsys=capsys)
    assert code == 0
    assert "val_loss = b, train_loss = a, accuracy = right, epoch = when" in out
    assert "guessed" not in out


def test_a_table_is_diagnosed_without_heavy_libraries():
    program = (
        f"import sys\nfrom heldout.cli import main\nmain(['diagnose', {HISTORY!r}])\nprint(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert not loaded & {"jax", "sklearn", "polars", "pandas", "duckdb", "clevercsv", "altair", "tensorboard"}
    modules = set(done.stdout.splitlines()[-1].split())  # each takes 0.4 s; the answer is promised within one
    assert not modules & {"scipy.stats", "scipy.optimize"}
