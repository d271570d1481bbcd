"""Hides preloaded modules until a script imports them."""
import sys
from importlib import _bootstrap


class Stash:
    def __init__(self, fresh, recorder):
        self._fresh = fresh
        self._recorder = recorder
        self._hidden = {}
        self._unbound = set()

    def hide(self):
        """`sys.modules` is again what it was at the start, and no package has an attribute for a hidden module."""
        self._recorder.undo()
        modules = sys.modules
        self._hidden.update((name, modules[name]) for name in list(modules) if name not in self._fresh)
        for name, module in self._hidden.items():
            parent, _, child = name.rpartition(".")
            if parent and getattr(modules.get(parent), "__dict__", {}).get(child) is module:
                self._unbind(modules[parent], child, name)
        for name in self._hidden:
            del modules[name]

    def _unbind(self, parent, child, name):
        self._unbound.add(name)
        covered = self._recorder.covered
        if name in covered and covered[name] is not self._hidden[name]:
            setattr(parent, child, covered[name])
        else:
            delattr(parent, child)

    def forget(self, prefix):
        for name in [name for name in self._hidden if name == prefix or name.startswith(prefix + ".")]:
            del self._hidden[name]

    def names(self):
        return {name.partition(".")[0] for name in self._hidden}

    def install(self):
        """Gives modules back when they are imported. Nothing of this shows in `sys.meta_path`."""
        original = _bootstrap._find_and_load
        self._path = list(sys.path)
        scope = {"find": original, "hidden": self._hidden, "give": self._give, "modules": sys.modules}
        exec(_FIND, scope)
        _bootstrap._find_and_load = scope["_find_and_load"]

    def _give(self, name):
        if not self._is_same(name):
            return False
        needed = self._closure(name)
        for one in [one for one in self._hidden if one in needed]:
            self._give_one(one, self._hidden[one])
        for one in needed:
            self._hidden.pop(one, None)
        return name in sys.modules

    def _give_one(self, name, module):
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if name in self._unbound:
            setattr(self._hidden.get(parent) or sys.modules[parent], child, module)
        for action, arguments in self._recorder.effects.pop(name, ()):
            action(*arguments)

    def _closure(self, name):
        found, ahead = {}, [name]
        while ahead:
            one = ahead.pop()
            if one in found:
                continue  # what isn't hidden may have failed, after it had loaded others
            found[one] = None
            ahead.extend(self._recorder.needs.get(one, ()))
            if "." in one:
                ahead.append(one.rpartition(".")[0])
        return found

    def _is_same(self, name):
        """Whether an import would find the module that we have: the script may have put a folder in front since."""
        parent, _, _ = name.rpartition(".")
        if parent:
            return parent in self._hidden or parent in sys.modules
        if sys.path == self._path:
            return True
        found = _bootstrap._find_spec(name, None)
        ours = getattr(self._hidden[name], "__spec__", None)
        return found is not None and ours is not None and found.origin == ours.origin


# Named as the import system's own code, whose frames are left out of tracebacks.
_FIND = compile(
    """
def _find_and_load(name, import_):
    if name in hidden and name not in modules and give(name):
        return modules[name]
    return find(name, import_)
""",
    "<frozen importlib._bootstrap>",
    "exec",
)
