"""Checks predictions for sanity, computes their metrics, logs these, and fails when the model's own metric is below a floor."""

import argparse
import csv
import json
import os
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--floor", type=float, required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    args = parser.parse_args()
    metadata = json.loads((args.model / "metadata.json").read_text())
    with (args.predictions / "predictions.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = problems(rows, [str(name) for name in metadata["classes"]])
    if found:
        raise SystemExit("scoring is not valid: " + "; ".join(found))
    metrics = measure(rows, metadata["training"]["metric"])
    (args.metrics / "metrics.json").write_text(json.dumps(metrics, indent=2, sort_keys=True) + "\n")
    log(metrics)
    name = metadata["training"]["metric"]
    if metrics[name] < args.floor:
        raise SystemExit(f"scoring is not valid: {name} is {metrics[name]:.3f}, the floor is {args.floor:.3f}")
    print(f"scoring is valid: {metrics}")


def problems(rows: list[dict[str, str]], classes: list[str]) -> list[str]:
    found = []
    if not rows:
        return ["there are no predictions"]
    unknown = {row["prediction"] for row in rows} - set(classes)
    if unknown:
        found.append(f"predictions that are no class of the model: {sorted(unknown)}")
    outside = [row for row in rows if not 0 <= float(row.get("probability", 0)) <= 1]
    if outside:
        found.append(f"{len(outside)} probabilities are not between 0 and 1")
    return found


def measure(rows: list[dict[str, str]], metric: str) -> dict[str, float]:
    pairs = [(row["target"], row["prediction"]) for row in rows]
    metrics = {"accuracy": sum(target == answer for target, answer in pairs) / len(pairs), "rows": float(len(pairs))}
    if metric == "f1":
        metrics |= binary(pairs)
    return metrics


def binary(pairs: list[tuple[str, str]]) -> dict[str, float]:
    """Precision, recall and F1 of class 1; 0 where the formula divides by zero."""
    hits = pairs.count(("1", "1"))
    alarms = hits + pairs.count(("0", "1"))
    failures = hits + pairs.count(("1", "0"))
    return {
        "f1": 2 * hits / (alarms + failures) if alarms + failures else 0.0,
        "precision": hits / alarms if alarms else 0.0,
        "recall": hits / failures if failures else 0.0,
    }


def log(metrics: dict[str, float]) -> None:
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return
    import mlflow

    with mlflow.start_run():
        mlflow.log_metrics(metrics)


if __name__ == "__main__":
    main()
