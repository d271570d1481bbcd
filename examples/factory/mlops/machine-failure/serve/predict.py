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
    metadata = model["metadata"]
    matrix = features(metadata, columns(metadata, inputs))
    shares = sum(tree["shares"][leaves(tree, matrix)] for tree in model["trees"]) / len(model["trees"])
    classes = np.array(metadata["classes"])
    return {"prediction": classes[shares.argmax(axis=1)].tolist(), "probability": shares[:, 1].tolist()}


def columns(metadata: dict, inputs: dict[str, list]) -> dict[str, np.ndarray]:
    known = metadata["codes"]["quality"]
    unknown = set(inputs["quality"]) - set(known)
    if unknown:
        raise ValueError(f"quality must be one of {', '.join(known)}, not {', '.join(sorted(map(str, unknown)))}")
    names = [name for name in metadata["columns"] if name != "quality"]
    measurements = np.array(inputs["measurements"], dtype=float).reshape(-1, len(names))
    if len(measurements) != len(inputs["quality"]):
        raise ValueError(f"{len(measurements)} rows of measurements, but {len(inputs['quality'])} qualities")
    quality = np.array([float(known.index(grade)) for grade in inputs["quality"]])
    return {"quality": quality, **dict(zip(names, measurements.T))}


def features(metadata: dict, values: dict[str, np.ndarray]) -> np.ndarray:
    return np.column_stack([feature(values, item) for item in metadata["features"]]).astype(np.float32)


def feature(values: dict[str, np.ndarray], definition: dict) -> np.ndarray:
    operands = [values[name] for name in definition["columns"]]
    if definition["is"] == "product":
        return operands[0] * operands[1]
    if definition["is"] == "difference":
        return operands[0] - operands[1]
    return operands[0]


def leaves(tree: dict[str, np.ndarray], matrix: np.ndarray) -> np.ndarray:
    """The leaf of every row: all rows go down together, one level at a time."""
    node = np.zeros(len(matrix), dtype=int)
    while (inner := np.flatnonzero(tree["left"][node] >= 0)).size:
        at = node[inner]
        goes_left = matrix[inner, tree["feature"][at]] <= tree["threshold"][at]
        node[inner] = np.where(goes_left, tree["left"][at], tree["right"][at])
    return node
