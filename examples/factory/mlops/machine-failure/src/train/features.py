"""What the model looks at: the measurements, and the physical quantities by which milling machines fail.

The definitions travel with the model (metadata.json), so that scoring and serving build the very same features.
"""

import numpy as np

TARGET = "machine_failure"
CODES = {"quality": ["L", "M", "H"]}
MEASUREMENTS = [
    "air_temperature_k",
    "process_temperature_k",
    "rotational_speed_rpm",
    "torque_nm",
    "tool_wear_min",
]
COLUMNS = ["quality", *MEASUREMENTS]
DERIVED = [
    {"name": "heat_gap_k", "is": "difference", "columns": ["process_temperature_k", "air_temperature_k"]},
    {"name": "power", "is": "product", "columns": ["torque_nm", "rotational_speed_rpm"]},
    {"name": "strain", "is": "product", "columns": ["tool_wear_min", "torque_nm"]},
]
FEATURES = [{"name": name, "is": "column", "columns": [name]} for name in COLUMNS] + DERIVED


def build_features(rows: list[dict[str, str]]) -> np.ndarray:
    """One row per example, one column per item of FEATURES."""
    columns = {name: np.array([number(row, name) for row in rows]) for name in COLUMNS}
    return np.column_stack([feature(columns, definition) for definition in FEATURES])


def number(row: dict[str, str], name: str) -> float:
    codes = CODES.get(name)
    return float(codes.index(row[name]) if codes else row[name])


def feature(columns: dict[str, np.ndarray], definition: dict) -> np.ndarray:
    operands = [columns[name] for name in definition["columns"]]
    if definition["is"] == "product":
        return operands[0] * operands[1]
    if definition["is"] == "difference":
        return operands[0] - operands[1]
    return operands[0]
