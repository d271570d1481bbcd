"""A step that does little beyond its imports: import.py IN OUT"""
import sys

import mlflow
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error

source, target = sys.argv[1:]
rows = pd.read_csv(source) if source != "-" else pd.DataFrame({"x": range(100), "y": range(100)})
model = LinearRegression().fit(rows[["x"]], rows.y)
assert mean_absolute_error(rows.y, model.predict(rows[["x"]])) < 1e-6 and mlflow.active_run() is None
rows.to_csv(target, index=False)
