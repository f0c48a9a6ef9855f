"""The manifest: canonical, closed, and equal to what it was written from."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from contract.test_nets import EXAMPLES
from heldout.bundle.container import MEMBERS
from heldout.bundle.manifest import (
    HASHED,
    NetEntry,
    _describe_net,
    check_manifest,
    hash_bytes,
    read_net,
    read_settings,
    write_manifest,
)
from heldout.errors import BundleError

FILES = {name: name.encode() for name in MEMBERS[1:]}


def test_written_manifest_is_read_back(bundle):
    written = write_manifest(bundle, FILES)
    entry = json.loads(written)
    assert entry["files"]["README.md"] == {"bytes": 9, "sha256": hash_bytes(b"README.md")}
    settings = read_settings(check_manifest(entry, where="m"))
    assert replace(bundle, **(settings | {"scores": bundle.scores})) == bundle
    assert write_manifest(bundle, FILES) == written
    written.decode("ascii")


@pytest.mark.parametrize("key", ["temperature", "members", "files", "task"])
def test_every_key_is_needed(key, bundle):
    entry = json.loads(write_manifest(bundle, FILES))
    del entry[key]
    with pytest.raises(BundleError, match=f"m: key '{key}': Field required\n  -> the manifest was changed"):
        check_manifest(entry, where="m")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": True}, "key 'members.0.state'.*got True"),
        ({"target_spread": 0.0}, "key 'members.0.target_spread'"),
        ({"class": "x"}, "key 'members.0.class': Extra inputs"),
        ({"epoch": -1}, "key 'members.0.epoch'"),
    ],
)
def test_entries_are_closed_too(change, words, bundle):
    entry = json.loads(write_manifest(bundle, FILES))
    entry["members"][0] |= change
    with pytest.raises(BundleError, match=words):
        check_manifest(entry, where="m")


def test_texts_that_cannot_be_encoded_are_refused(bundle):
    entry = json.loads(write_manifest(bundle, FILES)) | {"target": "\ud800"}
    with pytest.raises(BundleError, match="key 'target'"):
        check_manifest(entry, where="m")


@pytest.mark.parametrize("net", EXAMPLES, ids=lambda net: f"{net.family}-{net.widths}-{net.channels}")
def test_every_family_of_networks_comes_back_from_its_entry(net):
    entry = NetEntry.model_validate_json(json.dumps(_describe_net(net)))
    assert read_net(SimpleNamespace(net=entry)) == net


def test_order_needs_classes(steps):
    entry = json.loads(write_manifest(steps, dict.fromkeys(HASHED, b"")))
    assert entry["net"]["ordered"] is True
    entry["task"], entry["classes"] = "multilabel", ["a", "b", "c", "d"]
    with pytest.raises(
        BundleError, match="the outputs are in order, the task is 'multilabel', expected 'multiclass'"
    ):
        check_manifest(entry, where="manifest.json")


def test_a_manifest_from_before_there_was_an_order_is_read(many):
    entry = json.loads(write_manifest(many, dict.fromkeys(HASHED, b"")))
    del entry["net"]["ordered"]
    assert not check_manifest(entry, where="manifest.json").net.ordered
