import json
import os
import sys
import time
import urllib.request


def call(method, path, body):
    request = urllib.request.Request(
        os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/" + path,
        data=json.dumps(body).encode() if method == "POST" else None,
        headers={"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"},
    )
    return json.load(urllib.request.urlopen(request))


run_id = os.environ["MLFLOW_RUN_ID"]
now = int(time.time() * 1000)
run = call("GET", f"runs/get?run_id={run_id}", None)["run"]
tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
assert run["info"]["status"] == "RUNNING", run
assert run["info"]["experiment_id"] == os.environ["MLFLOW_EXPERIMENT_ID"]
assert os.environ["MLFLOW_EXPERIMENT_NAME"] == "logging"
parent = call("GET", "runs/get?run_id=" + tags["mlflow.parentRunId"], None)["run"]
assert parent["info"]["experiment_id"] == run["info"]["experiment_id"]
call("POST", "runs/log-parameter", {"run_id": run_id, "key": "depth", "value": "3"})
call("POST", "runs/log-metric", {"run_id": run_id, "key": "loss", "value": 0.5, "timestamp": now, "step": 0})
call("POST", "runs/set-tag", {"run_id": run_id, "key": "color", "value": "blue"})
call("POST", "runs/log-batch", {
    "run_id": run_id,
    "metrics": [{"key": "loss", "value": 0.25, "timestamp": now, "step": 1}, {"key": "f1", "value": 1, "timestamp": now, "step": 0}],
    "params": [{"key": "rate", "value": "0.1"}],
    "tags": [{"key": "size", "value": "small"}],
})
call("POST", "runs/update", {"run_id": run_id, "status": sys.argv[1], "end_time": now})
print("logged")
