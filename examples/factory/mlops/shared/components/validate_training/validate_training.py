"""Fails when a model did not learn its own training data better than a floor and than the most frequent class."""

import argparse
import json
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--floor", type=float, required=True)
    parser.add_argument("--report", type=Path, required=True)
    args = parser.parse_args()
    metadata = json.loads((args.model / "metadata.json").read_text())
    found = problems(metadata["training"], args.floor)
    (args.report / "report.json").write_text(json.dumps({"training": metadata["training"], "problems": found}))
    if found:
        raise SystemExit("training is not valid: " + "; ".join(found))
    print(f"training is valid: {metadata['training']}")


def problems(training: dict, floor: float) -> list[str]:
    """`training` is what train wrote: {metric, value, baseline, rows}; both values are in [0, 1], higher is better."""
    found = []
    metric, value, baseline = training["metric"], training["value"], training["baseline"]
    if not value >= floor:
        found.append(f"{metric} on the training data is {value:.3f}, the floor is {floor:.3f}")
    if not value > baseline:
        found.append(f"{metric} is {value:.3f}, always answering the most frequent class has {baseline:.3f}")
    return found


if __name__ == "__main__":
    main()
