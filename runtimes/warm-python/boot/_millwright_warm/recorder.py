"""Watches what importing modules does, so that it can be hidden first and done again when a script imports them."""
import atexit
import builtins
import os
import sys
import warnings
from importlib import _bootstrap
from importlib.machinery import PathFinder

ROOT = ""

# Where modules add and take away: importlib_metadata replaces a method of the path finder.
SPACES = (PathFinder, builtins)


class Recorder:
    """
    `needs`: module → every module that was asked for while it was imported, in order.
    `effects`: module → what else its import changed, as functions that do it again.
    `covered`: module → what its package had under the module's name before.
    `read`: names of environment variables that were looked at; `read_all`: something went through all of them.
    """

    def __init__(self):
        self.needs = {ROOT: {}}
        self.effects = {}
        self.covered = {}
        self.read = {}
        self.read_all = []
        self._stack = [ROOT]
        self._lists = [sys.meta_path, sys.path_hooks, sys.path, warnings.filters]
        self._loggers = {}
        self._modules = set(sys.modules)
        self.mark()

    def mark(self):
        """What the interpreter's lists hold now is what scripts start with."""
        self._before = [list(watched) for watched in self._lists]
        self._fresh = [list(watched) for watched in self._lists]
        self._spaces_before = [dict(vars(space)) for space in SPACES]
        self._spaces_fresh = [dict(vars(space)) for space in SPACES]

    def __enter__(self):
        self._originals = (_bootstrap._find_and_load, builtins.__import__, atexit.register, os.environ.__class__)
        _bootstrap._find_and_load = self._find_and_load
        builtins.__import__ = self._import
        atexit.register = self._register
        os.environ.__class__ = _recording(os.environ.__class__, self)
        return self

    def __exit__(self, *_):
        self.settle()
        os.environ.__class__ = self._originals[3]
        _bootstrap._find_and_load, builtins.__import__, atexit.register = self._originals[:3]

    def undo(self):
        """Lists of the interpreter are again what they were at the start."""
        for watched, fresh in zip(self._lists, self._fresh):
            watched[:] = fresh
        for space, fresh in zip(SPACES, self._spaces_fresh):
            _change(space, *_changes(vars(space), fresh))
        _filters_changed()

    def effect(self, action, *arguments):
        self.effects.setdefault(self._stack[-1], []).append((action, arguments))

    def needed(self, name):
        self.needs.setdefault(self._stack[-1], {})[name] = None

    def settle(self):
        """Counts what has changed since the last call to the module that is being imported."""
        for watched, before in zip(self._lists, self._before):
            if watched != before:
                self.effect(_again, watched, *_difference(before, watched))
                before[:] = watched
        for space, before in zip(SPACES, self._spaces_before):
            changes = _changes(before, vars(space))
            if any(changes):
                self.effect(_change, space, *changes)
                before.clear()
                before.update(vars(space))
        for name in self._new_modules():
            if name not in self._stack:
                self.needed(name)
        logging = sys.modules.get("logging")
        known = logging.root.manager.loggerDict if hasattr(logging, "root") else {}
        created = {name: logger for name, logger in known.items() if self._loggers.get(name) is not logger}
        if created:
            self._loggers.update(created)
            self.effect(_add_loggers, created)

    def _new_modules(self):
        """Those that put themselves into `sys.modules`; new entries are the last."""
        found, missing = [], len(sys.modules) - len(self._modules)
        for name in reversed(sys.modules):
            if missing <= 0:
                break
            if name not in self._modules:
                found.append(name)
                missing -= 1
        self._modules.update(name for name in found if name not in self._stack)
        return found

    def _find_and_load(self, name, import_):
        self.needed(name)
        if name in sys.modules:
            return self._originals[0](name, import_)
        self.settle()
        self._stack.append(name)
        try:
            parent, _, child = name.rpartition(".")
            if parent:
                import_(parent)
                namespace = getattr(sys.modules.get(parent), "__dict__", {})
                if child in namespace:
                    self.covered[name] = namespace[child]
            return self._originals[0](name, import_)
        finally:
            self.settle()
            self._stack.pop()

    def _import(self, name, globals=None, locals=None, fromlist=(), level=0):
        result = self._originals[1](name, globals, locals, fromlist, level)
        full = name
        if level > 0:
            full = _bootstrap._resolve_name(name, _bootstrap._calc___package__(globals), level)
        self.needed(full)
        for item in fromlist or ():
            if f"{full}.{item}" in sys.modules:
                self.needed(f"{full}.{item}")
        return result

    def _register(self, function, *arguments, **named):
        self.effect(_register_again, self._originals[2], function, arguments, named)
        return function


def _recording(environ, recorder):
    class Recording(environ):
        def __getitem__(self, key):
            recorder.read[key] = None
            return super().__getitem__(key)

        def __contains__(self, key):
            recorder.read[key] = None
            return super().__contains__(key)

        def __iter__(self):
            recorder.read_all.append(recorder._stack[-1])
            return super().__iter__()

        def __setitem__(self, key, value):
            recorder.effect(_set_variable, key, value)
            super().__setitem__(key, value)

        def __delitem__(self, key):
            recorder.effect(_remove_variable, key)
            super().__delitem__(key)

    return Recording


def _set_variable(key, value):
    os.environ[key] = value


def _remove_variable(key):
    os.environ.pop(key, None)


def _difference(before, after):
    """What was put in front, what was put behind, what was taken away."""
    kept = [item for item in after if item in before]
    first = after.index(kept[0]) if kept else 0
    added = [item for item in after if item not in before]
    front = [item for item in after[:first]]
    return front, [item for item in added if item not in front], [item for item in before if item not in after]


def _again(watched, front, behind, removed):
    watched[:] = [*front, *(item for item in watched if item not in removed and item not in front), *behind]
    if watched is warnings.filters:
        _filters_changed()


def _filters_changed():
    name = "_filters_mutated" if hasattr(warnings, "_filters_mutated") else "_filters_mutated_lock_held"
    getattr(warnings, name)()


def _changes(before, after):
    """What was set, and which names were taken away."""
    changed = {
        name: value
        for name, value in after.items()
        if before.get(name, before) is not value and name != "__import__"  # which the recorder replaces
    }
    return changed, [name for name in before if name not in after]


def _change(space, changed, removed):
    for name, value in changed.items():
        setattr(space, name, value)
    for name in removed:
        if name in vars(space):
            delattr(space, name)


def _register_again(register, function, arguments, named):
    import weakref

    if function == weakref.finalize._exitfunc:
        weakref.finalize._registered_with_atexit = True
    register(function, *arguments, **named)


def _add_loggers(created):
    """As `logging.getLogger` would have made them now."""
    import logging

    manager = logging.root.manager
    for name, logger in created.items():
        if isinstance(logger, logging.PlaceHolder):
            continue
        present = manager.loggerDict.get(name)
        if isinstance(present, logging.Logger):
            _merge(logger, present)
            continue
        manager.loggerDict[name] = logger
        if present is not None:
            manager._fixupChildren(present, logger)
        manager._fixupParents(logger)


def _merge(logger, present):
    """The script has this logger already: both become one, as the imported module configures it."""
    for name in ("level", "propagate"):
        if getattr(logger, name) != {"level": 0, "propagate": True}[name]:
            setattr(present, name, getattr(logger, name))
    present.handlers.extend(logger.handlers)
    logger.__dict__ = present.__dict__
