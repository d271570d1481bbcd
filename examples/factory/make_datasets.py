"""Writes the datasets of the demo: python make_datasets.py OUT_DIR. The same version gives the same bytes."""

import argparse
import random
from pathlib import Path

from sklearn.datasets import load_digits

from generate_data import COLUMNS, EQUIPMENT, generate, write_csv

USUAL_MIX = (0.5, 0.3, 0.2)
NEW_MIX = (0.15, 0.25, 0.6)
PIXELS = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    write_measurements(out)
    write_images(out)


def write_measurements(out: Path) -> None:
    new = EQUIPMENT["new"]
    training = generate(10_000, 7, USUAL_MIX, new)
    evaluation = generate(6_000, 11, USUAL_MIX, new)
    seen = {tuple(row) for row in training}
    write_csv(out / "machine-failure" / "measurements.csv", COLUMNS, training)
    write_csv(
        out / "machine-failure-evaluation" / "measurements.csv",
        COLUMNS,
        [row for row in evaluation if tuple(row) not in seen],
    )
    write_csv(
        out / "machine-failure-new-material" / "measurements.csv",
        COLUMNS,
        training + generate(6_000, 13, NEW_MIX, new),
    )
    seen_by_the_service = generate(4_000, 17, USUAL_MIX, EQUIPMENT["worn"])
    write_csv(
        out / "machine-failure-inference" / "measurements.csv",
        COLUMNS[:-1],
        [row[:-1] for row in seen_by_the_service],
    )


def write_images(out: Path) -> None:
    """The 1797 handwritten digits of UCI ("Optical Recognition of Handwritten Digits") stand in for stamped ones."""
    digits = load_digits()
    table = [[int(value) for value in pixels] + [int(digit)] for pixels, digit in zip(digits.data, digits.target)]
    random.Random(7).shuffle(table)
    write_csv(out / "part-marking" / "images.csv", [*PIXELS, "digit"], table[:1000])
    write_csv(out / "part-marking-evaluation" / "images.csv", [*PIXELS, "digit"], table[1000:])


if __name__ == "__main__":
    main()
