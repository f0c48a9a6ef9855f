"""The zip container: canonical bytes out, and everything else refused."""

import io
import random
import struct
import zipfile
import zlib

import pytest

from heldout.bundle.container import MEMBERS, pack_members, unpack_members
from heldout.errors import BundleError

CONTENT = {name: f"content of {name}".encode() * 3 for name in MEMBERS}


def zip_with(entries, method=zipfile.ZIP_STORED, comment=b""):
    """Write a zip with Python's own writer: entries are (name or ZipInfo, content)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.comment = comment
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def test_pack_is_read_by_the_standard_library():
    with zipfile.ZipFile(io.BytesIO(pack_members(CONTENT))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == list(MEMBERS)
        assert {name: archive.read(name) for name in MEMBERS} == CONTENT
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_round_trip_and_same_bytes():
    data = pack_members(CONTENT)
    assert unpack_members(data, source="b.zip") == CONTENT
    assert pack_members(dict(reversed(CONTENT.items()))) == data


@pytest.mark.parametrize("cut", [0, 1, 21, 22, 100, 600, -1])
def test_truncated_is_refused(cut):
    data = pack_members(CONTENT)
    with pytest.raises(BundleError, match=r"b\.zip is not a bundle: .*\n  -> copy the bundle again"):
        unpack_members(data[:cut], source="b.zip")


def test_extra_member_is_refused():
    with pytest.raises(BundleError, match=r"member 'evil\.pkl' is unknown"):
        unpack_members(zip_with([*CONTENT.items(), ("evil.pkl", b"x")]), source="b.zip")


def test_path_member_is_refused():
    with pytest.raises(BundleError, match=r"member '\.\./manifest\.json' is unknown"):
        unpack_members(zip_with([("../manifest.json", b"x"), *CONTENT.items()]), source="b.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_member_is_refused():
    with pytest.raises(BundleError, match=r"member 'README\.md' stands in it twice"):
        unpack_members(zip_with([*CONTENT.items(), ("README.md", b"x")]), source="b.zip")


def test_missing_member_is_refused():
    entries = [(name, CONTENT[name]) for name in MEMBERS if name != "weights.safetensors"]
    with pytest.raises(BundleError, match=r"member 'weights\.safetensors' is missing"):
        unpack_members(zip_with(entries), source="b.zip")


def test_compressed_member_is_refused():
    with pytest.raises(BundleError, match=r"member 'manifest\.json' is compressed \(method 8\)"):
        unpack_members(zip_with(CONTENT.items(), zipfile.ZIP_DEFLATED), source="b.zip")


def test_folder_is_refused():
    with pytest.raises(BundleError, match="member 'weights/' is a folder"):
        unpack_members(zip_with([("weights/", b""), *CONTENT.items()]), source="b.zip")


def test_symbolic_link_is_refused():
    link = zipfile.ZipInfo("manifest.json")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    entries = [(link, b"/etc/passwd"), *((name, CONTENT[name]) for name in MEMBERS[1:])]
    with pytest.raises(BundleError, match=r"member 'manifest\.json' is a symbolic link"):
        unpack_members(zip_with(entries), source="b.zip")


def test_encrypted_member_is_refused():
    data = bytearray(pack_members(CONTENT))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BundleError, match=r"member 'manifest\.json' is encrypted"):
        unpack_members(bytes(data), source="b.zip")


def test_comment_is_refused():
    with pytest.raises(BundleError, match="does not end as a zip file without comment"):
        unpack_members(zip_with(CONTENT.items(), comment=b"hi"), source="b.zip")


@pytest.mark.parametrize("at", ["front", "end"])
def test_data_around_the_zip_is_refused(at):
    data = pack_members(CONTENT)
    with pytest.raises(BundleError, match="is not a bundle"):
        unpack_members(b"MZ" + data if at == "front" else data + b"MZ", source="b.zip")


def test_data_between_members_is_refused():
    data = pack_members(CONTENT)
    start = data.index(b"PK\x01\x02")
    size, first = struct.unpack_from("<2I", data, len(data) - 10)
    hidden = data[:start] + b"hidden" + data[start:-10] + struct.pack("<2IH", size, first + 6, 0)
    with pytest.raises(BundleError, match="holds bytes beside its members"):
        unpack_members(hidden, source="b.zip")


def test_reordered_members_are_refused():
    with pytest.raises(BundleError, match="other order"):
        unpack_members(zip_with(reversed(CONTENT.items())), source="b.zip")


def test_checksum_is_checked():
    data = pack_members(CONTENT)
    damaged = data.replace(b"content of README.md", b"content of README.mb", 1)
    assert zlib.crc32(damaged) != zlib.crc32(data)
    with pytest.raises(BundleError, match=r"member 'README\.md' is damaged"):
        unpack_members(damaged, source="b.zip")


def test_every_changed_byte_is_refused():
    data = pack_members(CONTENT)
    rng = random.Random(0)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= rng.randrange(1, 256)
        with pytest.raises(BundleError, match=r"b\.zip is not a bundle"):
            unpack_members(bytes(changed), source="b.zip")
