import json
import os
import sys
import time
import urllib.request

rate, size = float(sys.argv[1]), int(sys.argv[2])
assert 0.1 <= rate <= 0.9
if size == 0:
    sys.exit("a size of zero is not possible")
body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "score", "value": rate, "timestamp": int(time.time() * 1000), "step": 0}
urllib.request.urlopen(urllib.request.Request(
    os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric",
    data=json.dumps(body).encode(),
    headers={"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"},
))
with open(sys.argv[3] + "/model", "w") as model:
    print("size", size, "rate", rate, file=model)
