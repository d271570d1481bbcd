"""Changes what this interpreter will run once its start is over.

CPython keeps the parsed command line in a `PyConfig` and looks at it after `site` was imported. The server was started
with a placeholder for the script; the fields that point to it are found by their value, whatever the version's layout.
"""
import ctypes
import os
import sys

WORD = ctypes.sizeof(ctypes.c_void_p)
SEARCHED = 1024  # bytes of the structure; its size is about 500


class CommandLine:
    """`script` is the address of PyConfig.run_filename; run_module and run_command lie before it (CPython 3.8 on)."""

    def __init__(self, placeholder):
        start = _config()
        text = placeholder.encode("utf-32-le" if sys.byteorder == "little" else "utf-32-be") + b"\0" * 4
        with open("/proc/self/mem", "rb", 0) as memory:
            words = [start + offset for offset in range(0, SEARCHED, WORD)]
            scripts = [word for word in words if _read(memory, _pointer(memory, word), len(text)) == text]
            lists = [word for word in words if _read(memory, _pointer(memory, _pointer(memory, word)), len(text)) == text]
            if len(scripts) != 1 or not lists:
                raise LookupError("the interpreter's command line wasn't found")
            self._script = scripts[0]
            self._items = [_pointer(memory, word) for word in lists]
            before = [_pointer(memory, self._script - WORD * index) for index in (1, 2)]
            if before != [0, 0]:
                raise LookupError("the interpreter's command line is laid out in another way")

    def set(self, kind, value):
        """`kind` is script, module or command."""
        first = {"script": value, "module": "-m", "command": "-c"}[kind]
        _store(self._script, _wide(value) if kind == "script" else 0)
        _store(self._script - WORD, _wide(value) if kind == "module" else 0)
        _store(self._script - 2 * WORD, _wide(value + "\n") if kind == "command" else 0)
        for items in self._items:
            _store(items, _wide(first))


def _config():
    api = ctypes.pythonapi
    if hasattr(api, "_Py_GetConfig"):
        api._Py_GetConfig.restype = ctypes.c_void_p
        return api._Py_GetConfig()
    api.PyInterpreterState_Get.restype = ctypes.c_void_p
    api._PyInterpreterState_GetConfig.restype = ctypes.c_void_p
    api._PyInterpreterState_GetConfig.argtypes = [ctypes.c_void_p]
    return api._PyInterpreterState_GetConfig(api.PyInterpreterState_Get())


def _pointer(memory, address):
    return int.from_bytes(_read(memory, address, WORD), sys.byteorder)


def _read(memory, address, size):
    """Bytes at an address, or none where there is no memory."""
    if address < 4096 or address >= 1 << 47:
        return b""
    try:
        return os.pread(memory.fileno(), size, address)
    except OSError:
        return b""


def _store(address, value):
    ctypes.c_void_p.from_address(address).value = value or None


def _wide(text):
    """A copy that the interpreter may free."""
    decode = ctypes.pythonapi.Py_DecodeLocale
    decode.restype = ctypes.c_void_p
    decode.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    return decode(os.fsencode(text), None)
