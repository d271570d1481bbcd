import json
import os

config = json.loads(os.environ["TF_CONFIG"])
print(config["task"]["type"], config["task"]["index"], "of", len(config["cluster"]["worker"]))
