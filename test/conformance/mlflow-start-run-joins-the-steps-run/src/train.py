import os

import mlflow

RUN = os.environ["MLFLOW_RUN_ID"]

with mlflow.start_run() as run:
    assert run.info.run_id == RUN
    mlflow.log_param("depth", 3)
    mlflow.log_metric("loss", 0.5)
    mlflow.log_metrics({"f1": 0.75}, step=1)
    mlflow.set_tag("color", "blue")
    with open("report.txt", "w") as report:
        report.write("well done\n")
    mlflow.log_artifact("report.txt")
    with mlflow.start_run(nested=True, run_name="fold"):
        mlflow.log_metric("fold", 1)
print(mlflow.get_run(RUN).data.metrics)
