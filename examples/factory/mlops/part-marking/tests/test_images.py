import numpy as np

from images import PIXELS, build_features, normalise


def test_a_weak_stamp_reads_like_a_strong_one():
    strong = np.array([[0.0, 8.0, 16.0, 4.0]])
    assert normalise(strong / 2).tolist() == normalise(strong).tolist() == [[0.0, 0.5, 1.0, 0.25]]


def test_each_image_is_normalised_by_itself():
    assert normalise(np.array([[2.0, 4.0], [8.0, 16.0]])).tolist() == [[0.5, 1.0], [0.5, 1.0]]


def test_a_blank_image_stays_blank():
    assert normalise(np.zeros((1, 64))).tolist() == [[0.0] * 64]


def test_pixels_are_read_row_by_row():
    image = {name: str(index % 17) for index, name in enumerate(PIXELS)} | {"digit": "3"}
    assert build_features([image])[0].tolist() == [index % 17 / 16 for index in range(64)]
