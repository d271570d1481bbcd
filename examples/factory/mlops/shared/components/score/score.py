"""Scores CSV files with a trained forest of any of our model types.

The model describes itself (metadata.json: columns, features, outputs), so newer code scores older models too.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    args = parser.parse_args()
    metadata = json.loads((args.model / "metadata.json").read_text())
    trees = json.loads((args.model / "model.json").read_text())
    rows = read_rows(args.data)
    shares = class_shares(trees, features(metadata, rows))
    header, table = predictions(metadata, rows, shares)
    with (args.predictions / "predictions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(table)
    print(f"scored {len(table)} rows")


def read_rows(folder: Path) -> list[dict[str, str]]:
    """The rows of all CSV files of a folder, in the order of the file names."""
    rows: list[dict[str, str]] = []
    for path in sorted(folder.rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows.extend(csv.DictReader(file))
    if not rows:
        raise SystemExit(f"no rows to score: no CSV file with rows in {folder.name}")
    return rows


def features(metadata: dict, rows: list[dict[str, str]]) -> np.ndarray:
    """One row per example, one column per feature of the model: a column, or a product or difference of two."""
    missing = [name for name in metadata["columns"] if name not in rows[0]]
    if missing:
        raise SystemExit(f"columns are missing that the model was trained with: {', '.join(missing)}")
    columns = {name: column(metadata, rows, name) for name in metadata["columns"]}
    built = [feature(columns, definition) for definition in metadata["features"]]
    matrix = np.column_stack(built)
    if metadata["scale_rows"] == "max":
        matrix = matrix / np.maximum(matrix.max(axis=1, keepdims=True), 1.0)
    return matrix.astype(np.float32)


def column(metadata: dict, rows: list[dict[str, str]], name: str) -> np.ndarray:
    codes = metadata["codes"].get(name)
    return np.array([float(codes.index(row[name]) if codes else row[name]) for row in rows])


def feature(columns: dict[str, np.ndarray], definition: dict) -> np.ndarray:
    operands = [columns[name] for name in definition["columns"]]
    if definition["is"] == "product":
        return operands[0] * operands[1]
    if definition["is"] == "difference":
        return operands[0] - operands[1]
    return operands[0]


def class_shares(trees: list[dict], matrix: np.ndarray) -> np.ndarray:
    """The mean over the trees of the share that each class has in the leaf where a row ends."""
    total = sum(np.array(tree["shares"])[leaves(tree, matrix)] for tree in trees)
    return total / len(trees)


def leaves(tree: dict, matrix: np.ndarray) -> np.ndarray:
    split, threshold = np.array(tree["feature"]), np.array(tree["threshold"])
    left, right = np.array(tree["left"]), np.array(tree["right"])
    node = np.zeros(len(matrix), dtype=int)
    while (inner := np.flatnonzero(left[node] >= 0)).size:
        at = node[inner]
        goes_left = matrix[inner, split[at]] <= threshold[at]
        node[inner] = np.where(goes_left, left[at], right[at])
    return node


def predictions(metadata: dict, rows: list[dict[str, str]], shares: np.ndarray) -> tuple[list[str], list[list]]:
    """`probability` (of the second class) is there only when there are two classes."""
    target, classes = metadata["target"], metadata["classes"]
    chosen = shares.argmax(axis=1).tolist()
    table = [[row[target], classes[index]] for row, index in zip(rows, chosen)]
    if len(classes) != 2:
        return ["target", "prediction"], table
    probability = shares[:, 1].tolist()
    return ["target", "prediction", "probability"], [[*line, p] for line, p in zip(table, probability)]


if __name__ == "__main__":
    main()
