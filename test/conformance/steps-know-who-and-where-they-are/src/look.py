import os
import sys

arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
env = os.environ

for name, key in [("words", "--words"), ("rate", "--rate")]:
    assert env[f"AZURE_ML_INPUT_{name}"] == arguments[key], name
for name, key in [("out", "--out"), ("file", "--file")]:
    assert env[f"AZURE_ML_OUTPUT_{name}"] == arguments[key], name
    assert env[f"AZUREML_DATAREFERENCE_{name}"] == arguments[key], name
assert env["AZUREML_PARAMETER_rate"] == "1e-05"
assert env["AZUREML_DATAREFERENCE_words"] == arguments["--words"]
assert "AZUREML_PARAMETER_words" not in env
assert env["AZUREML_EXPERIMENT_NAME"] == "who-am-i"
assert env["AZUREML_CR_EXECUTION_WORKING_DIR_PATH"] == os.getcwd()
assert env["AZUREML_CR_NODE_RANK"] == "0"
words = os.path.join(env["AZUREML_CR_DATA_CAPABILITY_PATH"], "INPUT_words")
assert open(words).read() == "words\n"
assert env["AZUREML_RUN_ID"] and env["AZUREML_ROOT_RUN_ID"]
assert env["AZUREML_RUN_ID"] != env["AZUREML_ROOT_RUN_ID"]
for name in ["AZUREML_RUN_TOKEN", "AZUREML_SERVICE_ENDPOINT"]:
    assert name not in env, name
assert not [name for name in env if name.startswith(("MILLWRIGHT", "NODE_", "VITEST"))]
print("all there")
