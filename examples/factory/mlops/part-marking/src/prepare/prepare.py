"""Validates and cleans images of stamped digits, and splits them into a part to train on and one held out."""

import argparse
import csv
import random
from pathlib import Path

PIXELS = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
TARGET = "digit"
BRIGHTEST = 16
LEAST_INK = 32
MOST_BAD_ROWS = 0.02
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
    print(f"{len(train)} images to train on, {len(held_out)} held out")


def read_rows(folder: Path) -> list[Row]:
    rows: list[Row] = []
    for path in sorted(folder.rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in [*PIXELS, TARGET] if name not in (reader.fieldnames or [])]
            if missing:
                raise SystemExit(f"{path.name}: columns are missing: {', '.join(missing)}")
            rows.extend(reader)
    if not rows:
        raise SystemExit(f"no CSV file with rows in {folder.name}")
    return rows


def clean(rows: list[Row]) -> list[Row]:
    """Drops the images with a problem; that many of them are a mistake in the data is said, not hidden."""
    found = [(row, problem(row)) for row in rows]
    bad = [text for _, text in found if text]
    if len(bad) > MOST_BAD_ROWS * len(rows):
        raise SystemExit(f"{len(bad)} of {len(rows)} images are not valid, the first because {bad[0]}")
    return [row for row, text in found if not text]


def problem(row: Row) -> str | None:
    if row[TARGET] not in set("0123456789"):
        return f"{TARGET} is {row[TARGET]!r}"
    try:
        pixels = [int(row[name]) for name in PIXELS]
    except (TypeError, ValueError):
        return "a pixel is no integer"
    if min(pixels) < 0 or max(pixels) > BRIGHTEST:
        return f"a pixel is not within 0 and {BRIGHTEST}"
    if sum(pixels) < LEAST_INK:
        return "the image is blank"
    return None


def split(rows: list[Row], seed: int = 7) -> tuple[list[Row], list[Row]]:
    """The same share of each digit is held out. The same rows in the same order give the same split."""
    shuffled = random.Random(seed).sample(rows, len(rows))
    shuffled.sort(key=lambda row: row[TARGET])
    every = round(1 / HELD_OUT)
    held_out = shuffled[every - 1 :: every]
    return [row for index, row in enumerate(shuffled) if index % every != every - 1], held_out


def write(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*PIXELS, TARGET], extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
