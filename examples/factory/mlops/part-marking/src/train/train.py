"""Trains a random forest that reads the digit in an 8x8 image of a stamp."""

import argparse
import csv
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from images import PIXELS, TARGET, build_features

SIGNATURE = {
    "inputs": [{"name": "image", "datatype": "FP64", "shape": [-1, 8, 8], "columns": PIXELS}],
    "outputs": [{"name": "prediction", "datatype": "INT64", "shape": [-1], "columns": ["prediction"]}],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train-data", type=Path, required=True)
    parser.add_argument("--n-estimators", type=int, required=True)
    parser.add_argument("--max-depth", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()
    parameters = {"n_estimators": args.n_estimators, "max_depth": args.max_depth}
    with (args.train_data / "data.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    features, target = build_features(rows), np.array([int(row[TARGET]) for row in rows])
    forest = RandomForestClassifier(**parameters, random_state=0, n_jobs=1).fit(features, target)
    training = report(target, forest.predict(features))
    write_model(args.model, forest, parameters, training)
    log(parameters, training)
    print(f"trained on {len(rows)} images: {training}")


def report(target: np.ndarray, predicted: np.ndarray) -> dict:
    """Accuracy on the training data, and that of always answering the most frequent digit."""
    most_frequent = Counter(target.tolist()).most_common(1)[0][1]
    return {
        "metric": "accuracy",
        "value": float((target == predicted).mean()),
        "baseline": most_frequent / len(target),
        "rows": len(target),
    }


def write_model(folder: Path, forest: RandomForestClassifier, parameters: dict, training: dict) -> None:
    metadata = {
        "target": TARGET,
        "classes": forest.classes_.tolist(),
        "columns": PIXELS,
        "codes": {},
        "features": [{"name": name, "is": "column", "columns": [name]} for name in PIXELS],
        "scale_rows": "max",
        "signature": SIGNATURE,
        "parameters": parameters,
        "training": training,
    }
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=2) + "\n")
    (folder / "model.json").write_text(json.dumps([as_lists(tree.tree_) for tree in forest.estimators_]) + "\n")


def as_lists(tree) -> dict[str, list]:
    """The tree as plain arrays by node; a leaf has left = right = -1. `shares` are the class shares in the node."""
    value = tree.value[:, 0, :]
    return {
        "feature": tree.feature.tolist(),
        "threshold": tree.threshold.tolist(),
        "left": tree.children_left.tolist(),
        "right": tree.children_right.tolist(),
        "shares": (value / value.sum(axis=1, keepdims=True)).tolist(),
    }


def log(parameters: dict, training: dict) -> None:
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return
    import mlflow

    with mlflow.start_run():
        mlflow.log_params(parameters)
        mlflow.log_metric(f"training_{training['metric']}", training["value"])


if __name__ == "__main__":
    main()
