"""Five scikit-learn steps that talk through files: learn.py STEP IN… OUT"""
import json
import pickle
import sys

step, *paths = sys.argv[1:]
if step == "prepare":
    import pandas as pd
    from sklearn.datasets import make_classification

    x, y = make_classification(20_000, 20, random_state=0)
    data = pd.DataFrame(x)
    data["y"] = y
    data.columns = data.columns.astype(str)
    data.to_csv(paths[0], index=False)
elif step == "train":
    import pandas as pd
    from sklearn.ensemble import RandomForestClassifier

    data = pd.read_csv(paths[0])[:15_000]
    model = RandomForestClassifier(50, random_state=0).fit(data.drop(columns="y"), data.y)
    with open(paths[1], "wb") as file:
        pickle.dump(model, file)
elif step == "validate":
    with open(paths[0], "rb") as file:
        model = pickle.load(file)
    assert model.n_estimators == 50
    with open(paths[1], "w") as file:
        file.write("ok")
elif step == "score":
    import pandas as pd

    with open(paths[0], "rb") as file:
        model = pickle.load(file)
    data = pd.read_csv(paths[1])[15_000:]
    data["p"] = model.predict_proba(data.drop(columns="y"))[:, 1]
    data[["y", "p"]].to_csv(paths[2], index=False)
elif step == "check":
    import pandas as pd
    from sklearn.metrics import roc_auc_score

    data = pd.read_csv(paths[0])
    auc = roc_auc_score(data.y, data.p)
    assert auc > 0.9
    with open(paths[1], "w") as file:
        json.dump({"auc": auc}, file)
