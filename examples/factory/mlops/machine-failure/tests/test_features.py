from features import FEATURES, build_features

ROW = {
    "quality": "M",
    "air_temperature_k": "300.0",
    "process_temperature_k": "310.5",
    "rotational_speed_rpm": "1500",
    "torque_nm": "40.0",
    "tool_wear_min": "100",
}


def test_features_are_built_in_their_declared_order():
    names = [item["name"] for item in FEATURES]
    built = dict(zip(names, build_features([ROW])[0].tolist()))
    assert built == {
        "quality": 1.0,
        "air_temperature_k": 300.0,
        "process_temperature_k": 310.5,
        "rotational_speed_rpm": 1500.0,
        "torque_nm": 40.0,
        "tool_wear_min": 100.0,
        "heat_gap_k": 10.5,
        "power": 60_000.0,
        "strain": 4_000.0,
    }
