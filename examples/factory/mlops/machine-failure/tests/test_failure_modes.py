import pytest

from failure_modes import failure_modes, heat_dissipation_fails, overstrained, power_fails

HEALTHY = {
    "quality": "M",
    "air_temperature_k": "300.0",
    "process_temperature_k": "310.0",
    "rotational_speed_rpm": "1500",
    "torque_nm": "40.0",
    "tool_wear_min": "100",
}


def test_a_healthy_machine_has_no_failure_mode():
    assert failure_modes(HEALTHY) == []


@pytest.mark.parametrize(
    ("gap_k", "speed_rpm", "fails"),
    [(8.5, 1379, True), (8.6, 1379, False), (8.5, 1380, False)],
)
def test_heat_is_not_dissipated_when_the_gap_is_small_and_the_machine_slow(gap_k, speed_rpm, fails):
    assert heat_dissipation_fails(gap_k, speed_rpm) is fails


@pytest.mark.parametrize(
    ("torque_nm", "speed_rpm", "fails"),
    [(20, 1500, True), (23, 1500, False), (57, 1500, False), (58, 1500, True)],
)
def test_power_fails_below_3500_and_above_9000_watts(torque_nm, speed_rpm, fails):
    assert power_fails(torque_nm, speed_rpm) is fails


@pytest.mark.parametrize(("quality", "limit"), [("L", 11_000), ("M", 12_000), ("H", 13_000)])
def test_better_quality_stands_more_strain(quality, limit):
    assert not overstrained(quality, wear_min=limit / 50, torque_nm=50)
    assert overstrained(quality, wear_min=limit / 50 + 1, torque_nm=50)


def test_modes_are_read_from_the_columns():
    row = HEALTHY | {"process_temperature_k": "308.0", "rotational_speed_rpm": "1300", "torque_nm": "70.0"}
    assert failure_modes(row | {"tool_wear_min": "200"}) == ["heat", "power", "strain"]
