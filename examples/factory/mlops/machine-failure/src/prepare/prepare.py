"""Validates and cleans measurements, and splits them into a part to train on and one held out."""

import argparse
import csv
import random
from pathlib import Path

from failure_modes import failure_modes

RANGES = {
    "air_temperature_k": (250.0, 350.0),
    "process_temperature_k": (250.0, 400.0),
    "rotational_speed_rpm": (500.0, 4000.0),
    "torque_nm": (0.0, 150.0),
    "tool_wear_min": (0.0, 400.0),
}
CLASSES = {"quality": {"L", "M", "H"}, "machine_failure": {"0", "1"}}
COLUMNS = ["quality", *RANGES, "machine_failure"]
MOST_BAD_ROWS = 0.01
HELD_OUT = 0.25

Row = dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw-data", type=Path, required=True)
    parser.add_argument("--train-data", type=Path, required=True)
    parser.add_argument("--held-out-data", type=Path, required=True)
    args = parser.parse_args()
    rows = clean(read_rows(args.raw_data))
    train, held_out = split(rows)
    write(args.train_data / "data.csv", train)
    write(args.held_out_data / "data.csv", held_out)
    print(f"{len(train)} rows to train on, {len(held_out)} held out")


def read_rows(folder: Path) -> list[Row]:
    rows: list[Row] = []
    for path in sorted(folder.rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise SystemExit(f"{path.name}: columns are missing: {', '.join(missing)}")
            rows.extend(reader)
    if not rows:
        raise SystemExit(f"no CSV file with rows in {folder.name}")
    return rows


def clean(rows: list[Row]) -> list[Row]:
    """Drops the rows with a problem; that many of them are a mistake in the data is said, not hidden."""
    found = [(row, problem(row)) for row in rows]
    bad = [text for _, text in found if text]
    if len(bad) > MOST_BAD_ROWS * len(rows):
        raise SystemExit(f"{len(bad)} of {len(rows)} rows are not valid, the first because {bad[0]}")
    return [row for row, text in found if not text]


def problem(row: Row) -> str | None:
    for name, known in CLASSES.items():
        if row[name] not in known:
            return f"{name} is {row[name]!r}"
    for name, (low, high) in RANGES.items():
        if not low <= number(row[name]) <= high:
            return f"{name} is {row[name]!r}, not within {low:g} and {high:g}"
    modes = failure_modes(row)
    if modes and row["machine_failure"] == "0":
        return f"machine_failure is 0 in spite of {' and '.join(modes)}"
    return None


def number(text: str) -> float:
    """NaN, which no range has, for a text that is no number."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return float("nan")


def split(rows: list[Row], seed: int = 7) -> tuple[list[Row], list[Row]]:
    """The same share of each class is held out. The same rows in the same order give the same split."""
    shuffled = random.Random(seed).sample(rows, len(rows))
    shuffled.sort(key=lambda row: row["machine_failure"])
    every = round(1 / HELD_OUT)
    held_out = shuffled[every - 1 :: every]
    return [row for index, row in enumerate(shuffled) if index % every != every - 1], held_out


def write(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
