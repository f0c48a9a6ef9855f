import numpy as np
import pytest
from tests.demos.real_shapes import draw_digits, draw_reviews, write_mnist, write_reviews, write_unpacked

from heldout.demos import real_data
from heldout.demos.real_data import find_imdb, find_mnist
from heldout.errors import DataError


@pytest.mark.parametrize(
    ("below", "dot", "suffix"),
    [(".", "-", ".gz"), ("mnist", "-", ".xz"), ("MNIST/raw", "-", ""), ("digits", ".", "")],
)
def test_mnist_is_found_as_people_have_it(tmp_path, below, dot, suffix):
    write_mnist(tmp_path / below, 20, dot=dot, suffix=suffix)
    found = find_mnist(tmp_path)
    pictures, labels = draw_digits(20)
    assert found.target.tolist() == labels.tolist()
    assert np.array_equal(found.values, pictures / np.float32(255))


def test_files_and_their_packed_copies_are_one(tmp_path):
    for suffix in ("", ".gz"):
        write_mnist(tmp_path / "MNIST" / "raw", 20, suffix=suffix)
    assert len(find_mnist(tmp_path).target) == 20


def test_a_folder_of_the_same_name_without_labels_is_passed_over(tmp_path):
    """As one well-known archive unpacks: each file once beside the others and once in a folder of its own."""
    write_mnist(tmp_path, 20, dot=".", suffix="")
    own = tmp_path / "train-images-idx3-ubyte"
    own.mkdir()
    (own / "train-images-idx3-ubyte").write_bytes((tmp_path / "train-images.idx3-ubyte").read_bytes())
    assert len(find_mnist(tmp_path).target) == 20


def test_other_pictures_of_that_form_are_not_taken_for_mnist(tmp_path):
    write_mnist(tmp_path / "FashionMNIST" / "raw", 30)
    write_mnist(tmp_path / "MNIST" / "raw", 20)
    assert len(find_mnist(tmp_path).target) == 20


def test_several_are_refused(tmp_path):
    write_mnist(tmp_path / "a", 20)
    write_mnist(tmp_path / "b", 20)
    with pytest.raises(DataError, match=r"holds several: .*a/train-images.*, .*b/train-images"):
        find_mnist(tmp_path)


def test_folder_without_mnist(tmp_path):
    with pytest.raises(DataError, match=r"no MNIST in .*train-images-idx3-ubyte\(.gz\)"):
        find_mnist(tmp_path)


@pytest.mark.parametrize("name", ["imdb/reviews.csv", "imdb50k/reviews.csv.xz", "reviews.csv.gz"])
def test_reviews_as_a_table_use_the_training_part_only(tmp_path, name):
    rows = [(text, sign, "train" if at < 20 else "test") for at, (text, sign) in enumerate(draw_reviews(30))]
    write_reviews(tmp_path / name, ("text", "label", "split"), rows)
    found = find_imdb(tmp_path)
    assert found.texts == tuple(text for text, _, _ in rows[:20])
    assert found.target[:3].tolist() == [0.0, 1.0, 0.0]
    assert "the rows whose split is train; the others stayed closed" in found.source


def test_reviews_of_a_table_without_parts_are_drawn_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(real_data, "MOST_TEXTS", 20)
    rows = [(text, {"pos": "positive", "neg": "Negative"}[sign]) for text, sign in draw_reviews(30)]
    write_reviews(tmp_path / "IMDB Dataset.csv", ("review", "Sentiment"), rows)
    found = find_imdb(tmp_path)
    assert len(found.texts) == 20
    told = dict(rows)
    assert [told[text] == "positive" for text in found.texts] == (found.target == 1).tolist()
    assert "20 of its 30; which are the published test part the file does not say" in found.source


def test_reviews_that_nobody_has_judged_are_left_out(tmp_path):
    rows = [(text, sign if at % 3 else "unsup", "train") for at, (text, sign) in enumerate(draw_reviews(30))]
    write_reviews(tmp_path / "imdb_master.csv", ("review", "label", "type"), rows)
    assert len(find_imdb(tmp_path).texts) == 20


def test_reviews_as_unpacked_use_the_labelled_folders_only(tmp_path):
    write_unpacked(tmp_path / "aclImdb", 12)
    found = find_imdb(tmp_path)
    assert len(found.texts) == 12
    assert all(text.startswith("train") for text in found.texts)
    assert found.target.sum() == 6


def test_the_published_reviews_come_before_cuts_of_them_and_others(tmp_path):
    rows = [(text, sign, "train") for text, sign in draw_reviews(30)]
    write_reviews(tmp_path / "imdb50k" / "reviews.csv", ("text", "label", "split"), rows)
    write_reviews(tmp_path / "small" / "imdb_4k.csv", ("text", "label", "split"), rows[:10])
    write_reviews(tmp_path / "amazon" / "reviews.csv", ("text", "label", "split"), rows[:10])
    assert len(find_imdb(tmp_path).texts) == 30


def test_two_tables_of_reviews_are_refused(tmp_path):
    for name in ("imdb_train.csv", "imdb_test.csv"):
        write_reviews(tmp_path / name, ("text", "label"), draw_reviews(10))
    with pytest.raises(DataError, match=r"holds several: .*imdb_test.csv, .*imdb_train.csv"):
        find_imdb(tmp_path)


def test_another_table_is_refused_with_what_it_holds(tmp_path):
    write_reviews(tmp_path / "reviews.csv", ("title", "stars"), draw_reviews(10))
    with pytest.raises(
        DataError, match=r"has the columns title, stars; expected one of text, review, sentence"
    ):
        find_imdb(tmp_path)


def test_a_judgement_that_is_none_is_refused(tmp_path):
    rows = [(text, "5" if at == 7 else sign) for at, (text, sign) in enumerate(draw_reviews(10))]
    write_reviews(tmp_path / "reviews.csv", ("text", "label"), rows)
    with pytest.raises(DataError, match=r"column label, review 8: '5'; expected pos, positive"):
        find_imdb(tmp_path)


def test_a_table_of_test_reviews_alone_is_refused(tmp_path):
    rows = [(text, sign, "test") for text, sign in draw_reviews(10)]
    write_reviews(tmp_path / "reviews.csv", ("text", "label", "split"), rows)
    with pytest.raises(DataError, match=r"no review of the training part: split never says train"):
        find_imdb(tmp_path)


@pytest.mark.parametrize("parts", [(), ("train",)])
def test_reviews_of_which_none_is_judged_are_refused(tmp_path, parts):
    rows = [(text, "unsup", *parts) for text, _ in draw_reviews(10)]
    write_reviews(tmp_path / "reviews.csv", ("text", "label", "split")[: 2 + len(parts)], rows)
    with pytest.raises(
        DataError, match=r"none of its 10 reviews is judged: label says 'unsup' throughout"
    ) as told:
        find_imdb(tmp_path)
    assert "their judgements" in told.value.hint


@pytest.mark.parametrize(
    ("films", "reviews"),
    [
        ("imdb_top.csv", "reviews.csv"),
        ("imdb_top.csv", "reviews.csv.gz"),
        ("data/imdb_top.csv", "data/reviews.tsv"),
        ("imdb_movies.csv", "imdb_reviews.csv.xz"),
        ("imdb_top.csv.zip", "reviews.csv"),  # no archive either
    ],
)
def test_tables_of_films_beside_the_reviews_are_passed_over(tmp_path, films, reviews):
    write_reviews(tmp_path / films, ("title", "year"), [("Alien", "1979"), ("Aliens", "1986")])
    write_reviews(tmp_path / reviews, ("text", "label"), draw_reviews(30))
    assert len(find_imdb(tmp_path).texts) == 30


def test_reviews_by_name_come_before_other_tables_of_that_form(tmp_path):
    write_reviews(tmp_path / "imdb_cut.csv", ("text", "label"), draw_reviews(10))
    write_reviews(tmp_path / "imdb_reviews.csv", ("text", "label"), draw_reviews(30))
    assert len(find_imdb(tmp_path).texts) == 30


def test_a_table_of_films_alone_is_refused_with_what_it_holds(tmp_path):
    write_reviews(tmp_path / "imdb_top.csv", ("title", "year"), [("Alien", "1979"), ("Aliens", "1986")])
    with pytest.raises(DataError, match="has the columns title, year"):
        find_imdb(tmp_path)


def test_folder_without_reviews(tmp_path):
    with pytest.raises(DataError, match="no IMDB reviews in"):
        find_imdb(tmp_path)


def test_the_real_ones_lie_beside_other_data(shared_data):
    if not (shared_data / "imdb50k").is_dir() or not (shared_data / "mnist").is_dir():
        pytest.skip("the real MNIST and IMDB are not there")
    pictures, reviews = find_mnist(shared_data), find_imdb(shared_data)
    assert (len(pictures.target), len(reviews.target)) == (60_000, 25_000)
    assert np.bincount(pictures.target.astype(int)).tolist()[:3] == [5923, 6742, 5958]  # as published
    assert reviews.target.mean() == 0.5
