import json
from pathlib import Path

import numpy as np
import pytest

from heldout.recipe import fit_recipe, recipe_schema, recipe_to_json
from recipe.sample_columns import folds, messy_columns


@pytest.fixture(scope="module")
def written():
    columns = messy_columns()
    return recipe_to_json(fit_recipe(columns, (*folds(60), np.arange(60)), embedding="piecewise"))[0]


def test_the_schema_accepts_what_is_written(written):
    jsonschema = pytest.importorskip("jsonschema")
    schema = recipe_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(json.loads(written))
    for change in (
        lambda made: made.update(code=1),
        lambda made: made["columns"][0]["ops"][0].update(op="standardize@2"),
        lambda made: made["states"][0]["columns"][0]["fitted"][0]["values"].update(scale=-1),
        lambda made: made["states"][0]["fitted_on"].update(sha256="x"),
    ):
        made = json.loads(written)
        change(made)
        assert not validator.is_valid(made)


def test_the_published_schema_is_that_of_the_code():
    published = Path(__file__).resolve().parents[2] / "docs" / "recipe.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == json.loads(json.dumps(recipe_schema()))
