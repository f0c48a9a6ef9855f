"""The manifest: canonical, closed, and equal to what it was written from."""

import json
from dataclasses import replace

import pytest

from heldout.bundle.container import MEMBERS
from heldout.bundle.manifest import check_manifest, hash_bytes, read_settings, write_manifest
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
