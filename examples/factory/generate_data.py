"""Simulates milling machines and writes their measurements as a CSV file.

The rules are those published for the AI4I 2020 predictive maintenance dataset:
S. Matzka, "Explainable Artificial Intelligence for Predictive Maintenance Applications", AI4I 2020,
https://doi.org/10.1109/AI4I49448.2020.00023, data: https://archive.ics.uci.edu/dataset/601.

One deviation: the page says that the speed follows from a power of 2860 W, which at 40 Nm gives 683 rpm and would make
every row a power failure. The published rows have 1538 rpm on average and fall with the torque; we draw that curve.
"""

import argparse
import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

COLUMNS = [
    "quality",
    "air_temperature_k",
    "process_temperature_k",
    "rotational_speed_rpm",
    "torque_nm",
    "tool_wear_min",
    "machine_failure",
]
QUALITIES = ["L", "M", "H"]
WEAR_PER_USE_MIN = {"L": 2, "M": 3, "H": 5}
STRAIN_LIMIT_NM_MIN = {"L": 11_000, "M": 12_000, "H": 13_000}


@dataclass(frozen=True)
class Equipment:
    """What a machine's condition changes: mean torque in Nm, process heat in K above the air, wear per use."""

    torque_nm: float
    process_heat_k: float
    wear_factor: float


EQUIPMENT = {"new": Equipment(40.0, 10.0, 1.0), "worn": Equipment(44.0, 9.5, 1.5)}


def generate(
    rows: int, seed: int, material_mix: tuple[float, float, float], equipment: Equipment
) -> list[list[object]]:
    rng = np.random.default_rng(seed)
    quality = rng.choice(QUALITIES, size=rows, p=material_mix).tolist()
    air = 300 + random_walk(rng, rows, std=2.0)
    process = air + equipment.process_heat_k + random_walk(rng, rows, std=1.0)
    torque = np.round(np.abs(rng.normal(equipment.torque_nm, 10.0, rows)).clip(3.0, 80.0), 1)
    speed = np.round(1500 * (40 / torque) ** 0.4 * rng.normal(1.0, 0.04, rows)).clip(1100, 2900)
    wear, tool_failed = tool_wear(rng, quality, equipment.wear_factor)
    random_failure = rng.random(rows) < 0.001
    table = []
    for i in range(rows):
        measured = [float(round(air[i], 1)), float(round(process[i], 1)), int(speed[i]), float(torque[i]), wear[i]]
        failed = tool_failed[i] or bool(random_failure[i]) or breaks(quality[i], *measured)
        table.append([quality[i], *measured, int(failed)])
    return table


def random_walk(rng: np.random.Generator, rows: int, std: float) -> np.ndarray:
    walk = np.cumsum(rng.normal(size=rows))
    return (walk - walk.mean()) / walk.std() * std


def tool_wear(rng: np.random.Generator, quality: list[str], factor: float) -> tuple[list[int], list[bool]]:
    """Minutes that the tool was used, and whether it failed: 51 of 120 worn tools do, the others are replaced in time."""
    minutes, failed, used, lifetime = [], [], 0.0, rng.uniform(200, 240)
    for grade in quality:
        worn_out = used >= lifetime
        minutes.append(round(used))
        failed.append(bool(worn_out and rng.random() < 51 / 120))
        used += WEAR_PER_USE_MIN[grade] * factor
        if worn_out:
            used, lifetime = 0.0, rng.uniform(200, 240)
    return minutes, failed


def breaks(quality: str, air_k: float, process_k: float, speed_rpm: float, torque_nm: float, wear_min: float) -> bool:
    """Heat dissipation, power or overstrain failure."""
    heat = round(process_k - air_k, 1) < 8.6 and speed_rpm < 1380
    power_w = torque_nm * speed_rpm * 2 * math.pi / 60
    return heat or not 3500 <= power_w <= 9000 or wear_min * torque_nm > STRAIN_LIMIT_NM_MIN[quality]


def write_csv(path: Path, header: list[str], table: list[list[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(table)


def mix(text: str) -> tuple[float, float, float]:
    low, medium, high = (float(part) for part in text.split(","))
    return low, medium, high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--material-mix", type=mix, default=(0.5, 0.3, 0.2), help="shares of quality L,M,H")
    parser.add_argument("--equipment", choices=EQUIPMENT, default="new")
    parser.add_argument("--out", type=Path, required=True, help="folder to write measurements.csv into")
    args = parser.parse_args()
    table = generate(args.rows, args.seed, args.material_mix, EQUIPMENT[args.equipment])
    write_csv(args.out / "measurements.csv", COLUMNS, table)
    print(f"wrote {len(table)} rows, {sum(row[-1] for row in table)} failures")


if __name__ == "__main__":
    main()
