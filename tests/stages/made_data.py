"""Small tables taken through the first stages, for the tests of the stages."""

import numpy as np
import polars as pl

from heldout.settings import Settings
from heldout.stages.preparing import prepare
from heldout.stages.reading import read_data


def make_frame(n_rows=60, *, seed=0, **more):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=n_rows).round(4), rng.normal(size=n_rows).round(4)
    colour = rng.choice(["red", "green", "blue"], n_rows)
    ill = np.where(x - z + (colour == "red") + 0.5 * rng.normal(size=n_rows) > 0.3, "yes", "no")
    return pl.DataFrame({"x": x, "z": z, "colour": colour, "ill": ill, "price": (3 * x - z).round(4)} | more)


def read(frame=None, **settings):
    frame = make_frame().drop("price") if frame is None else frame
    chosen = Settings(**({"target": "ill"} | settings))
    return read_data(frame, chosen), chosen


def prepare_frame(frame=None, *, strict=False, **settings):
    reading, chosen = read(frame, **settings)
    prepared, findings = prepare(reading, chosen, strict=strict)
    return reading, prepared, findings, chosen


def declare_parts(n_rows=60, *, validation=15, test=15):
    return ["train"] * (n_rows - validation - test) + ["validation"] * validation + ["test"] * test
