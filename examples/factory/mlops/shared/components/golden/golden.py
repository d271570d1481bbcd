"""Writes golden requests: what the inference service must answer, taken from the predictions of the ML pipeline.

One line per example, in the JSON form of the Open Inference Protocol v2:
{"request": {"inputs": [tensor, …]}, "response": {"outputs": [tensor, …]}}, tensor = {name, datatype, shape, data}.
"""

import argparse
import csv
import json
from pathlib import Path

COUNT = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--golden", type=Path, required=True)
    args = parser.parse_args()
    metadata = json.loads((args.model / "metadata.json").read_text())
    data = [row for path in sorted(args.data.rglob("*.csv")) for row in read(path)]
    predicted = read(args.predictions / "predictions.csv")
    chosen = choose(predicted, COUNT)
    with args.golden.open("w", encoding="utf-8") as file:
        for index in chosen:
            file.write(json.dumps(exchange(metadata["signature"], data[index], predicted[index])) + "\n")
    print(f"wrote {len(chosen)} golden requests")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def choose(predicted: list[dict[str, str]], count: int) -> list[int]:
    """Rows of every predicted class in turn; with probabilities, the ones nearest to the boundary first."""
    order = sorted(range(len(predicted)), key=lambda i: abs(float(predicted[i].get("probability", 0.5)) - 0.5))
    by_class: dict[str, list[int]] = {}
    for index in order:
        by_class.setdefault(predicted[index]["prediction"], []).append(index)
    queues = [by_class[name] for name in sorted(by_class)]
    turns = [queue[turn] for turn in range(len(predicted)) for queue in queues if turn < len(queue)]
    return sorted(turns[:count])


def exchange(signature: dict, row: dict[str, str], predicted: dict[str, str]) -> dict:
    return {
        "request": {"inputs": [tensor(spec, row) for spec in signature["inputs"]]},
        "response": {"outputs": [tensor(spec, predicted) for spec in signature["outputs"]]},
    }


def tensor(spec: dict, row: dict[str, str]) -> dict:
    convert = {"BYTES": str, "FP64": float, "INT64": int}[spec["datatype"]]
    return {
        "name": spec["name"],
        "datatype": spec["datatype"],
        "shape": [1, *spec["shape"][1:]],
        "data": [convert(row[column]) for column in spec["columns"]],
    }


if __name__ == "__main__":
    main()
