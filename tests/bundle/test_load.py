"""Loading: what was saved comes back bit for bit, and everything else is one kind of refusal."""

import hashlib
import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heldout.bundle import bundle_bytes, load_bundle, predict_table, read_bundle, save_bundle
from heldout.bundle.arrays import read_arrays, write_arrays
from heldout.bundle.container import MEMBERS, pack_members, unpack_members
from heldout.errors import BundleError

from_files = pytest.mark.parametrize("name", MEMBERS)


def repack(data, **changes):
    """Change members and write hashes and checksums that fit: only the later checks can notice."""
    members = unpack_members(data, source="b")
    for name, change in changes.items():
        full = next(member for member in MEMBERS if member.replace(".", "_") == name)
        members[full] = change(members[full])
    manifest = json.loads(members["manifest.json"])
    for name, entry in manifest.get("files", {}).items():
        if name in members and isinstance(entry, dict):
            entry |= {"bytes": len(members[name]), "sha256": hashlib.sha256(members[name]).hexdigest()}
    if "manifest_json" not in changes:
        members["manifest.json"] = json.dumps(manifest).encode()
    return pack_members(members)


def edit_json(**values):
    def change(data):
        return json.dumps(json.loads(data) | values).encode()

    return change


def edit_net(**values):
    def change(data):
        manifest = json.loads(data)
        return json.dumps(manifest | {"net": manifest["net"] | values}).encode()

    return change


def edit_weights(change):
    def edit(data):
        arrays = read_arrays(data, where="w")
        change(arrays)
        return write_arrays(arrays)

    return edit


@pytest.fixture(scope="module")
def data(bundle):
    return bundle_bytes(bundle)


@pytest.mark.parametrize("which", ["bundle", "many", "numbers"])
def test_round_trip_is_bit_for_bit(which, request, table):
    made = request.getfixturevalue(which)
    saved = bundle_bytes(made)
    loaded = read_bundle(saved)
    assert bundle_bytes(loaded) == saved
    for name in (
        "task",
        "classes",
        "target",
        "temperature",
        "threshold",
        "costs",
        "half_width",
        "level",
        "limits",
    ):
        assert getattr(loaded, name) == getattr(made, name)
    for ours, theirs in zip(made.members, loaded.members, strict=True):
        for mine, read in zip(ours.params, theirs.params, strict=True):
            assert [a.tobytes() for a in mine] == [a.tobytes() for a in read]
            assert all(a.dtype == np.float32 for a in read)
    before, after = predict_table(made, table), predict_table(loaded, table)
    assert before.prediction.values.tobytes() == after.prediction.values.tobytes()
    assert before.prediction.labels.tobytes() == after.prediction.labels.tobytes()


def test_missing_interval_stays_missing(bundle):
    score = read_bundle(bundle_bytes(bundle)).scores[0]
    assert (score.value, score.low) == (0.8125, 0.7)
    assert np.isnan(score.high)


def test_same_bits_in_a_fresh_process(bundle, frame, table, tmp_path):
    save_bundle(bundle, tmp_path / "bundle.zip")
    frame.to_csv(tmp_path / "new.csv", index=False)
    program = (
        "import sys, hashlib\n"
        "from heldout.bundle import load_bundle, predict_table\n"
        "from heldout.sources import read_table\n"
        "report = predict_table(load_bundle(sys.argv[1]), read_table(sys.argv[2]))\n"
        "print(hashlib.sha256(report.prediction.values.tobytes()).hexdigest())\n"
    )
    src = Path(__file__).parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "bundle.zip"), str(tmp_path / "new.csv")],
        capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": str(src), "TZ": "Asia/Tokyo"},
    )  # fmt: skip
    here = hashlib.sha256(predict_table(bundle, table).prediction.values.tobytes()).hexdigest()
    assert done.stdout.strip() == here


def test_a_study_folder_is_loaded(bundle, tmp_path):
    save_bundle(bundle, tmp_path / "bundle.zip")
    assert bundle_bytes(load_bundle(tmp_path)) == bundle_bytes(bundle)


@pytest.mark.parametrize("name", ["", "none.zip", "a\0b"])
def test_no_such_file(name, tmp_path):
    with pytest.raises(BundleError, match=r"cannot read the bundle .*\n  -> give the path of a bundle\.zip"):
        load_bundle(f"{tmp_path}/{name}")


def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BundleError, match="is not a plain file"):
        load_bundle(tmp_path / "pipe")


def test_too_large_is_refused_unread(tmp_path):
    with (tmp_path / "big.zip").open("wb") as file:
        file.truncate((1 << 30) + 1)
    with pytest.raises(BundleError, match=r"has 1,073,741,825 bytes, a bundle has at most 1,073,741,824"):
        load_bundle(tmp_path / "big.zip")


@from_files
def test_a_flipped_byte_in_any_member_is_refused(name, data):
    content = unpack_members(data, source="b")[name]
    at = data.index(content) + len(content) // 2
    damaged = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    with pytest.raises(BundleError, match=f"member {name!r} is damaged"):
        read_bundle(damaged)


@pytest.mark.parametrize("name", MEMBERS[1:])
def test_another_content_with_right_checksum_is_refused(name, data):
    members = unpack_members(data, source="b")
    members[name] += b" "
    with pytest.raises(BundleError, match=rf"member {name!r}: its \d+ bytes are not those it was saved with"):
        read_bundle(pack_members(members))


def test_two_hundred_random_changes_give_only_refusals(data):
    rng = random.Random(0)
    for _ in range(200):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 8))):
            damaged[rng.randrange(len(damaged))] ^= rng.randrange(1, 256)
        if bytes(damaged) == data:
            continue
        with pytest.raises(BundleError):
            read_bundle(bytes(damaged))


def test_changed_texts_with_right_hashes_give_only_refusals(data):
    """Fuzz behind the hashes: the same bundle or a refusal, never another error."""
    rng = random.Random(1)
    refused = 0
    for _ in range(200):
        name = rng.choice(["manifest_json", "recipe_json", "recipe_safetensors", "weights_safetensors"])

        def change(content):
            damaged = bytearray(content)
            at = rng.randrange(min(len(damaged), 3000))
            damaged[at : at + rng.choice((0, 1, 1, 5))] = rng.choice(
                (b"", b"9", b'"', b"[", b"null", b"\xff", b"-")
            )
            return bytes(damaged)

        try:
            changed = repack(data, **{name: change})
        except ValueError:
            continue  # the changed manifest itself could not be parsed for writing new hashes
        try:
            read_bundle(changed)
        except BundleError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edit_json(schema_version=2), "schema version 2, this version of heldout reads 1"),
        (edit_json(schema_version=True), "schema_version must be a whole number, got True"),
        (edit_json(schema_version="1"), "schema_version must be a whole number, got '1'"),
        (edit_json(loader="os.system"), "key 'loader': Extra inputs are not permitted"),
        (edit_json(task="os.system"), "key 'task'"),
        (edit_json(target_log=1), "key 'target_log'"),
        (edit_json(temperature=0), "key 'temperature'"),
        (edit_json(threshold="0.5"), "key 'threshold'"),
        (edit_net(widths=[10**7, 10**7]), "networks of .* weights, at most 268,435,456"),
        (edit_net(n_outputs=2), "2 outputs, expected 1"),
        (edit_net(inputs=[3]), r"3 inputs, the recipe gives \d+ features"),
        (edit_net(inputs=[]), "key 'net.inputs'"),
        (edit_net(family="forest"), "key 'net.family'"),
        (edit_net(family="cnn"), "key 'net': a cnn takes examples with 3 axes, these have 1"),
        (edit_net(kernel=3), "key 'net': kernel 3 and channels .* do not fit a mlp"),
        (edit_json(members=[]), "key 'members'"),
        (edit_json(classes=["a", "a"]), "do not fit the task 'binary'"),
        (edit_json(classes=["a", "b", "c"]), "do not fit the task 'binary'"),
        (edit_json(costs=[1.0]), "costs must be two numbers"),
        (edit_json(files={}), "key 'files' lacks"),
        (edit_json(files={"../x": {"bytes": 1, "sha256": "0" * 64}}), "key 'files"),
        (lambda data: data[:-1] + b', "task": "binary"}', "key 'task' stands twice"),
        (lambda data: data.replace(b"1.7", b"NaN"), "NaN is not JSON"),
        (lambda data: b"[]", "schema_version must be a whole number"),
        (lambda data: b"\x80" + data, "not UTF-8"),
    ],
)
def test_changed_manifest_is_refused(change, words, data):
    members = unpack_members(data, source="b")
    members["manifest.json"] = change(members["manifest.json"])
    with pytest.raises(BundleError, match=rf"member 'manifest\.json'.*{words}"):
        read_bundle(pack_members(members))


def put_nan(arrays):
    arrays["layer0.weight"][0, 0, 0] = np.nan


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.update(extra=np.zeros(1, np.float32)), "unknown array 'extra'"),
        (lambda arrays: arrays.pop("layer1.bias"), r"array 'layer1\.bias' is missing"),
        (
            lambda arrays: arrays.update({"layer1.bias": np.zeros((4, 1))}),
            r"is F64 \(4, 1\), expected F32 \(4, 1\)",
        ),
        (
            lambda arrays: arrays.update({"layer1.bias": np.zeros((4, 2), np.float32)}),
            r"expected F32 \(4, 1\)",
        ),
        (put_nan, r"array 'layer0\.weight' holds a number that is not finite"),
    ],
)
def test_changed_weights_with_right_hash_are_refused(change, words, data):
    with pytest.raises(BundleError, match=rf"member 'weights\.safetensors': .*{words}"):
        read_bundle(repack(data, weights_safetensors=edit_weights(change)))


def test_unknown_step_in_the_recipe_is_refused(data):
    def change(text):
        return text.replace(b"standardize@1", b"evaluate@1")

    with pytest.raises(BundleError, match=r"member 'recipe\.json': .*evaluate@1"):
        read_bundle(repack(data, recipe_json=change))


def test_state_beyond_the_recipe_is_refused(bundle, data):
    members = [
        m | {"state": 7} for m in json.loads(unpack_members(data, source="b")["manifest.json"])["members"]
    ]
    with pytest.raises(BundleError, match="network 0 uses fitted state 7, the recipe has 2"):
        read_bundle(repack(data, manifest_json=edit_json(members=members)))


def test_loading_never_unpickles_nor_runs_code(bundle, table, tmp_path):
    save_bundle(replace(bundle, created="2026-01-01"), tmp_path / "bundle.zip")
    program = (
        "import sys\n"
        "from heldout.bundle import load_bundle\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, _: seen.append(event))\n"
        "load_bundle(sys.argv[1])\n"
        "bad = {'pickle.find_class', 'marshal.loads', 'exec', 'compile', 'import', 'subprocess.Popen', 'os.system',\n"
        "       'socket.connect', 'tempfile.mkstemp', 'shutil.unpack_archive'}\n"
        "assert 'open' in seen\n"
        "print(sorted(bad & set(seen)))\n"
    )
    src = Path(__file__).parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "bundle.zip")],
        capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": str(src)},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
