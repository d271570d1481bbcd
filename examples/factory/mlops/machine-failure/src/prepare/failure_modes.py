"""The failure modes of a milling machine that follow from its measurements alone (AI4I 2020, Matzka 2020).

https://archive.ics.uci.edu/dataset/601: tool wear and random failures are left out, they do not follow.
"""

import math
from collections.abc import Mapping

STRAIN_LIMIT_NM_MIN = {"L": 11_000, "M": 12_000, "H": 13_000}


def failure_modes(row: Mapping[str, str]) -> list[str]:
    """Any of `heat`, `power` and `strain`, for a row of the dataset."""
    speed_rpm, torque_nm = float(row["rotational_speed_rpm"]), float(row["torque_nm"])
    gap_k = round(float(row["process_temperature_k"]) - float(row["air_temperature_k"]), 1)
    modes = {
        "heat": heat_dissipation_fails(gap_k, speed_rpm),
        "power": power_fails(torque_nm, speed_rpm),
        "strain": overstrained(row["quality"], float(row["tool_wear_min"]), torque_nm),
    }
    return [name for name, happens in modes.items() if happens]


def heat_dissipation_fails(gap_k: float, speed_rpm: float) -> bool:
    return gap_k < 8.6 and speed_rpm < 1380


def power_fails(torque_nm: float, speed_rpm: float) -> bool:
    power_w = torque_nm * speed_rpm * 2 * math.pi / 60
    return power_w < 3500 or power_w > 9000


def overstrained(quality: str, wear_min: float, torque_nm: float) -> bool:
    return wear_min * torque_nm > STRAIN_LIMIT_NM_MIN[quality]
