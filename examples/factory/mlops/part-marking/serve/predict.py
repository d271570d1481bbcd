"""The inference service's side of the model: load(model_dir) once, predict(model, inputs) for every request."""

import json
from pathlib import Path

import numpy as np


def load(model_dir: str) -> dict:
    folder = Path(model_dir)
    trees = json.loads((folder / "model.json").read_text())
    arrays = [{name: np.array(values) for name, values in tree.items()} for tree in trees]
    return {"metadata": json.loads((folder / "metadata.json").read_text()), "trees": arrays}


def predict(model: dict, inputs: dict[str, list]) -> dict[str, list]:
    """Flat, row-major lists by tensor name, with the names and shapes of the signature in model.yml."""
    images = np.array(inputs["image"], dtype=float).reshape(-1, len(model["metadata"]["columns"]))
    matrix = normalise(images).astype(np.float32)
    shares = sum(tree["shares"][leaves(tree, matrix)] for tree in model["trees"]) / len(model["trees"])
    return {"prediction": np.array(model["metadata"]["classes"])[shares.argmax(axis=1)].tolist()}


def normalise(images: np.ndarray) -> np.ndarray:
    return images / np.maximum(images.max(axis=1, keepdims=True), 1.0)


def leaves(tree: dict[str, np.ndarray], matrix: np.ndarray) -> np.ndarray:
    """The leaf of every row: all rows go down together, one level at a time."""
    node = np.zeros(len(matrix), dtype=int)
    while (inner := np.flatnonzero(tree["left"][node] >= 0)).size:
        at = node[inner]
        goes_left = matrix[inner, tree["feature"][at]] <= tree["threshold"][at]
        node[inner] = np.where(goes_left, tree["left"][at], tree["right"][at])
    return node
