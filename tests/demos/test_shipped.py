import gzip
import struct

import numpy as np
import pytest

from heldout.demos.shipped import count_words, find_imdb, find_mnist, read_digits, read_reviews, split_rows
from heldout.errors import DataError


def write_mnist(folder, n_rows=4):
    folder.mkdir()
    pictures = np.arange(n_rows * 784, dtype=np.uint32).astype(np.uint8).tobytes()
    labels = bytes(range(n_rows))
    for part in ("train", "t10k"):
        head = struct.pack(">IIII", 0x803, n_rows, 28, 28)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + pictures))
        head = struct.pack(">II", 0x801, n_rows)
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(head + labels))


def test_shipped_digits_are_dark_where_ink_is():
    digits = read_digits()
    assert digits.values.dtype == np.float32
    assert (float(digits.values.min()), float(digits.values.max())) == (0.0, 1.0)
    assert np.bincount(digits.target.astype(int)).min() >= 170
    assert digits.values[:, 0, 0].max() == 0  # the upper left corner is paper


def test_shipped_reviews():
    reviews = read_reviews()
    assert reviews.texts[0].startswith("So there is no way")
    assert (reviews.target[0], reviews.target[1]) == (0.0, 1.0)


def test_real_mnist_is_found_one_folder_below(tmp_path):
    write_mnist(tmp_path / "mnist")
    found = find_mnist(tmp_path)
    assert found.values.shape == (4, 28, 28)
    assert found.target.tolist() == [0, 1, 2, 3]
    assert found.values[0, 0, 5] == np.float32(5 / 255)


def test_folder_without_mnist(tmp_path):
    with pytest.raises(DataError, match=r"no MNIST in .*train-images-idx3-ubyte\(.gz\)"):
        find_mnist(tmp_path)


def test_reviews_as_a_table_use_the_training_part_only(tmp_path):
    (tmp_path / "imdb").mkdir()
    rows = ["text,label,split"]
    rows += [
        f'"a film, number {i}",{"pos" if i % 2 else "neg"},{"train" if i < 20 else "test"}' for i in range(30)
    ]
    (tmp_path / "imdb" / "reviews.csv").write_text("\n".join(rows) + "\n")
    found = find_imdb(tmp_path)
    assert len(found.texts) == 20
    assert found.target[:3].tolist() == [0.0, 1.0, 0.0]


def test_reviews_as_unpacked_use_the_labelled_folders_only(tmp_path):
    for part in ("train", "test"):
        for label in ("pos", "neg", "unsup"):
            folder = tmp_path / "aclImdb" / part / label
            folder.mkdir(parents=True)
            for number in range(6):
                (folder / f"{number}_7.txt").write_text(
                    f"{part} {label} words of review {number}, a good long film"
                )
    found = find_imdb(tmp_path)
    assert len(found.texts) == 12
    assert all(text.startswith("train") for text in found.texts)
    assert found.target.sum() == 6


def test_folder_without_reviews(tmp_path):
    with pytest.raises(DataError, match="no IMDB reviews in"):
        find_imdb(tmp_path)


def test_words_of_other_texts_are_no_inputs():
    rows, words = count_words(["new word", "good good film", "a good film"], np.array([1, 2]), most=10)
    assert words == ("film", "good") or words == ("good", "film")
    assert rows[0].tolist() == [0.0, 0.0]


def test_split_keeps_class_shares_and_follows_the_seed():
    target = np.repeat([0.0, 1.0, 2.0], [60, 30, 10])
    fit, validation = split_rows(target, 50, n_validation=40, seed=1)
    assert np.bincount(target[fit].astype(int)).tolist() == pytest.approx([30, 15, 5], abs=1)
    assert not set(fit) & set(validation)
    again, _ = split_rows(target, 50, n_validation=40, seed=1)
    other, _ = split_rows(target, 50, n_validation=40, seed=2)
    assert again.tolist() == fit.tolist() != other.tolist()
