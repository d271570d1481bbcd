import pytest

from prepare import clean, problem, split

ROW = {
    "quality": "L",
    "air_temperature_k": "300.0",
    "process_temperature_k": "310.0",
    "rotational_speed_rpm": "1500",
    "torque_nm": "40.0",
    "tool_wear_min": "100",
    "machine_failure": "0",
}


def test_a_good_row_has_no_problem():
    assert problem(ROW) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quality": "X"}, "quality is 'X'"),
        ({"torque_nm": ""}, "torque_nm is ''"),
        ({"torque_nm": "-1"}, "not within 0 and 150"),
        ({"torque_nm": "70.0"}, "machine_failure is 0 in spite of power"),
    ],
)
def test_a_bad_row_is_named(change, said):
    assert said in problem(ROW | change)


def test_few_bad_rows_are_dropped():
    assert len(clean([ROW] * 200 + [ROW | {"quality": "X"}])) == 200


def test_many_bad_rows_stop_the_pipeline():
    with pytest.raises(SystemExit, match="10 of 110 rows are not valid"):
        clean([ROW] * 100 + [ROW | {"quality": "X"}] * 10)


def test_the_split_loses_nothing_and_holds_out_a_quarter_of_each_class():
    rows = [ROW | {"tool_wear_min": str(i), "machine_failure": str(int(i < 40))} for i in range(400)]
    train, held_out = split(rows)
    assert sorted(map(str, train + held_out)) == sorted(map(str, rows))
    assert (len(held_out), sum(row["machine_failure"] == "1" for row in held_out)) == (100, 10)
    assert split(rows) == (train, held_out)
