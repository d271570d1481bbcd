"""Which heavy modules a step's code will import."""
import ast
import os

# Known to start no threads on import and to be the same whether imported early or late.
HEAVY = ("numpy", "scipy", "pandas", "pyarrow", "joblib", "sklearn", "matplotlib", "seaborn", "statsmodels", "mlflow")

MOST_FILES = 200
MOST_BYTES = 1 << 20


def imports_of_program(path):
    """Heavy modules that a script and the modules beside it import, in about the order of import."""
    folder, found, ahead, seen = os.path.dirname(path), {}, [path], set()
    while ahead and len(seen) < MOST_FILES:
        file = ahead.pop(0)
        if file in seen:
            continue
        seen.add(file)
        for name in _names(_text(file)):
            if name.partition(".")[0] in HEAVY:
                found[name] = None
            else:
                place = os.path.join(folder, *name.split("."))
                ahead.extend(one for one in (place + ".py", os.path.join(place, "__init__.py")) if os.path.isfile(one))
    return list(found)


def imports_of_text(text):
    return [name for name in _names(text) if name.partition(".")[0] in HEAVY]


def _text(path):
    try:
        if os.path.getsize(path) > MOST_BYTES:
            return b""
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _names(text):
    """Dotted names in the order of the text; some may be names inside of modules instead of modules."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    found, names = {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.name] = None
                names[alias.asname or alias.name.partition(".")[0]] = alias.name if alias.asname else alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found[node.module] = None
            found.update((f"{node.module}.{alias.name}", None) for alias in node.names if alias.name != "*")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
            found[f"{names[node.value.id]}.{node.attr}"] = None
    return list(found)
