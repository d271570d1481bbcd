import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from images import normalise
from predict import load, predict
from train import report, write_model


@pytest.fixture
def trained(tmp_path):
    images = np.random.default_rng(1).integers(1, 17, size=(200, 64)).astype(float)
    target = images.argmax(axis=1) % 10
    forest = RandomForestClassifier(n_estimators=5, max_depth=6, random_state=0).fit(normalise(images), target)
    write_model(tmp_path, forest, {"n_estimators": 5}, report(target, forest.predict(normalise(images))))
    return forest, images, load(str(tmp_path))


def test_the_service_answers_what_the_trained_forest_answers(trained):
    forest, images, model = trained
    answer = predict(model, {"image": images.ravel().tolist()})
    assert answer["prediction"] == forest.predict(normalise(images)).tolist()


def test_the_service_reads_weak_stamps(trained):
    _, images, model = trained
    even = images * 2
    assert predict(model, {"image": even.ravel().tolist()}) == predict(model, {"image": (even / 2).ravel().tolist()})


def test_the_baseline_is_the_most_frequent_digit():
    result = report(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2]))
    assert (result["value"], result["baseline"]) == (0.75, 0.75)
