import pytest

from prepare import PIXELS, clean, problem, split

IMAGE = {**dict.fromkeys(PIXELS, "5"), "digit": "3"}


def test_a_good_image_has_no_problem():
    assert problem(IMAGE) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"digit": "x"}, "digit is 'x'"),
        ({"digit": "12"}, "digit is '12'"),
        ({"pixel_0_0": "17"}, "not within 0 and 16"),
        ({"pixel_0_0": ""}, "no integer"),
        (dict.fromkeys(PIXELS, "0"), "blank"),
    ],
)
def test_a_bad_image_is_named(change, said):
    assert said in problem(IMAGE | change)


def test_many_bad_images_stop_the_pipeline():
    with pytest.raises(SystemExit, match="10 of 110 images are not valid"):
        clean([IMAGE] * 100 + [IMAGE | {"digit": "x"}] * 10)


def test_the_split_loses_nothing_and_is_the_same_every_time():
    images = [IMAGE | {"pixel_0_0": str(i % 17), "digit": str(i % 10)} for i in range(400)]
    train, held_out = split(images)
    assert sorted(map(str, train + held_out)) == sorted(map(str, images))
    assert len(held_out) == 100
    assert {row["digit"] for row in held_out} == set("0123456789")
    assert split(images) == (train, held_out)
