import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from features import build_features
from predict import load, predict
from train import report, write_model


def rows(count: int) -> list[dict[str, str]]:
    rng = np.random.default_rng(1)
    return [
        {
            "quality": str(rng.choice(["L", "M", "H"])),
            "air_temperature_k": f"{rng.normal(300, 2):.1f}",
            "process_temperature_k": f"{rng.normal(310, 2):.1f}",
            "rotational_speed_rpm": str(rng.integers(1200, 2800)),
            "torque_nm": f"{rng.normal(40, 10):.1f}",
            "tool_wear_min": str(rng.integers(0, 240)),
        }
        for _ in range(count)
    ]


def request(examples: list[dict[str, str]]) -> dict[str, list]:
    names = [name for name in examples[0] if name != "quality"]
    return {
        "quality": [row["quality"] for row in examples],
        "measurements": [float(row[name]) for row in examples for name in names],
    }


@pytest.fixture
def trained(tmp_path):
    examples = rows(300)
    features = build_features(examples)
    target = (features[:, 8] > 6000).astype(int)
    tree = DecisionTreeClassifier(max_depth=4, min_samples_leaf=5, random_state=0).fit(features, target)
    write_model(tmp_path, tree, {"max_depth": 4}, report(target, tree.predict(features)))
    return tree, load(str(tmp_path))


def test_the_service_answers_what_the_trained_tree_answers(trained):
    tree, model = trained
    examples = rows(50)
    answer = predict(model, request(examples))
    features = build_features(examples)
    assert answer["prediction"] == tree.predict(features).tolist()
    assert answer["probability"] == pytest.approx(tree.predict_proba(features)[:, 1].tolist())


def test_an_unknown_quality_is_refused(trained):
    with pytest.raises(ValueError, match="quality must be one of L, M, H"):
        predict(trained[1], request(rows(1)) | {"quality": ["X"]})


def test_f1_is_zero_without_an_alarm():
    assert report(np.array([0, 1]), np.array([0, 0]))["value"] == 0.0
    assert report(np.array([0, 1, 1]), np.array([0, 1, 0]))["value"] == pytest.approx(2 / 3)
