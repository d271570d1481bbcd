"""Trains a decision tree that says whether a milling machine is about to fail."""

import argparse
import csv
import json
import os
from pathlib import Path

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from features import CODES, COLUMNS, FEATURES, MEASUREMENTS, TARGET, build_features

SIGNATURE = {
    "inputs": [
        {"name": "quality", "datatype": "BYTES", "shape": [-1], "columns": ["quality"]},
        {"name": "measurements", "datatype": "FP64", "shape": [-1, len(MEASUREMENTS)], "columns": MEASUREMENTS},
    ],
    "outputs": [
        {"name": "prediction", "datatype": "INT64", "shape": [-1], "columns": ["prediction"]},
        {"name": "probability", "datatype": "FP64", "shape": [-1], "columns": ["probability"]},
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train-data", type=Path, required=True)
    parser.add_argument("--max-depth", type=int, required=True)
    parser.add_argument("--min-samples-leaf", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()
    parameters = {"max_depth": args.max_depth, "min_samples_leaf": args.min_samples_leaf}
    with (args.train_data / "data.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    features, target = build_features(rows), np.array([int(row[TARGET]) for row in rows])
    tree = DecisionTreeClassifier(**parameters, random_state=0).fit(features, target)
    training = report(target, tree.predict(features))
    write_model(args.model, tree, parameters, training)
    log(parameters, training)
    print(f"trained on {len(rows)} rows: {training}")


def report(target: np.ndarray, predicted: np.ndarray) -> dict:
    """F1 of class 1 on the training data; never raising an alarm has 0."""
    hits = int(((target == 1) & (predicted == 1)).sum())
    total = int((target == 1).sum() + (predicted == 1).sum())
    return {"metric": "f1", "value": 2 * hits / total if total else 0.0, "baseline": 0.0, "rows": len(target)}


def write_model(folder: Path, tree: DecisionTreeClassifier, parameters: dict, training: dict) -> None:
    metadata = {
        "target": TARGET,
        "classes": tree.classes_.tolist(),
        "columns": COLUMNS,
        "codes": CODES,
        "features": FEATURES,
        "scale_rows": "none",
        "signature": SIGNATURE,
        "parameters": parameters,
        "training": training,
    }
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=2) + "\n")
    (folder / "model.json").write_text(json.dumps([as_lists(tree.tree_)]) + "\n")


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
