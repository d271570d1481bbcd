"""The fork server's loop: preloads what steps will import, and forks for each script."""
import gc
import importlib
import json
import os
import select
import socket
import sys

from . import child, kernel
from .imports import imports_of_program, imports_of_text
from .interpreter import CommandLine
from .protocol import Request
from .stash import Stash


class Unfit(Exception):
    """A script needs a process of its own; the message says why."""


def run(fresh, recorder):
    """Returns in forked children only, which then are the interpreter that will run the script."""
    placeholder = sys.argv[0]
    home = os.path.dirname(placeholder)
    with open(os.path.join(home, "server.json"), encoding="utf-8") as file:
        settings = json.load(file)
    kernel.die_with_parent(settings["parent"])
    server = Server(fresh, recorder, home, CommandLine(placeholder), settings)
    server.serve()


class Server:
    def __init__(self, fresh, recorder, home, command_line, settings):
        self.command_line = command_line
        self.recorder = recorder
        self.stash = Stash(fresh, recorder)
        self.environment = dict(os.environb)
        self.startup = settings["startup"]
        self.idle = settings["idleSeconds"]
        self.bin = settings["bin"]
        self.state = child.InterpreterState()
        self._folders = _signature()
        self._tried = set()
        self._todo = []
        self._children = 0
        self._bad = None
        self.files = _inherited()
        self._circumstances = kernel.circumstances("self")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(os.path.join(home, "socket"))
        self._listener.listen(128)
        os.write(1, b"listening\n")
        self._noise = os.fstat(2).st_size

    def serve(self):
        poll = select.poll()
        for fd in (0, self._listener.fileno()):
            poll.register(fd, select.POLLIN)
        waiting = []
        while True:
            timeout = 0 if self._todo or waiting else self.idle * 1000
            events = poll.poll(timeout)
            self._reap()
            if not events and not self._todo and not waiting and self._children == 0:
                os._exit(0)
            for fd, _ in events:
                if fd == 0:
                    self._hear()
                else:
                    request = self._accept()
                    if request:
                        waiting.append(request)
            for request in list(waiting):
                if self._bad or not self._ahead(request):
                    waiting.remove(request)
                    if self._fork(request):
                        return
            if self._todo and not self._bad:
                self._preload(self._todo.pop(0))

    def _hear(self):
        """Our parent names scripts that steps will run, one a line; when it is gone, so are we."""
        heard = os.read(0, 65536)
        if not heard:
            os._exit(0)
        for script in heard.decode("utf-8", "surrogateescape").splitlines():
            self._plan(imports_of_program(script))

    def _plan(self, names):
        self._todo += [name for name in names if name not in self._tried and name not in self._todo]

    def _accept(self):
        connection, _ = self._listener.accept()
        try:
            request = Request(connection)
        except Exception as error:  # whatever comes over the socket must not end the server
            log(f"not understood: {error!r}")
            connection.close()
            return None
        request.imports = _imports(request)
        self._plan(request.imports)
        return request

    def _ahead(self, request):
        """Whether modules of this script are still to be loaded; they are next then."""
        wanted = [name for name in request.imports if name in self._todo]
        self._todo = wanted + [name for name in self._todo if name not in wanted]
        return bool(wanted)

    def _preload(self, name):
        self._tried.add(name)
        with self.recorder:
            try:
                importlib.import_module(name)
            except ImportError:
                pass  # not installed, or no module but something inside of one
            except BaseException as error:
                self._bad = f"importing {name} fails: {error!r}"
        if os.fstat(2).st_size != self._noise:
            self._bad = f"importing {name} prints something"
        elif not self._bad:
            self._bad = self.state.changed()
        if self._bad:
            log(self._bad)

    def _fork(self, request):
        try:
            self._check(request)
            gc.collect()
            gc.freeze()
            if os.fork() == 0:
                return self._launch(request)
            self._children += 1
        except Unfit as reason:
            log(f"cold: {' '.join(request.argv)}: {reason}")
        except OSError as error:
            log(f"cold: {' '.join(request.argv)}: {error}")
        request.close()
        return False

    def _reap(self):
        while self._children:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            self._children -= 1

    def _check(self, request):
        if self._bad:
            raise Unfit(self._bad)
        self._check_environment(request.environment)
        if _signature() != self._folders:
            raise Unfit("the environment has changed")
        search = [request.search_path_start, *self._own_paths(request)]
        if request.kind == "script" and not os.path.isfile(request.script):
            raise Unfit("the script is no file")
        known = self._names()
        for folder in search:
            for name in _modules_in(folder):
                if name in known or name in ("sitecustomize", "usercustomize"):
                    raise Unfit(f"{name} in {folder} stands for a preloaded module")
        if "matplotlib" in known and os.path.exists(os.path.join(request.folder, "matplotlibrc")):
            raise Unfit("matplotlib is set up in the working directory")

    def _names(self):
        return {name.partition(".")[0] for name in sys.modules} | {"__main__"}

    def _check_environment(self, environment):
        decisive = [name for name in {*environment, *self.environment} if is_decisive(os.fsdecode(name))]
        read = [os.fsencode(name) for name in self.recorder.read]
        if self.recorder.read_all:
            log(f"all variables were read by {sorted(set(self.recorder.read_all))}")
        for name in {*decisive, *read} - {b"PYTHONPATH", b"LC_CTYPE"}:
            if environment.get(name) != self.environment.get(name):
                raise Unfit(f"the variable {os.fsdecode(name)} is another")
        path = os.fsdecode(environment.get(b"PYTHONPATH", b""))
        if path.split(":")[0] != self.startup:
            raise Unfit("PYTHONPATH is another")

    def _own_paths(self, request):
        """The folders of the step's own PYTHONPATH, absolute."""
        entries = os.fsdecode(request.environment[b"PYTHONPATH"]).split(":")[1:]
        return [os.path.normpath(os.path.join(request.folder, entry)) for entry in entries]

    def _launch(self, request):
        """In the first fork, which stays outside of the script's namespaces and watches it. True in the script's process."""
        try:
            self._listener.close()
            kernel.die_with_parent(os.getppid())
            os.setsid()
            status = self._enter(request)
            log(f"warm: {' '.join(request.argv)}")
            pid = os.fork()
        except (Unfit, OSError) as reason:
            log(f"cold: {' '.join(request.argv)}: {reason}")
            os._exit(0)
        if pid == 0:
            child.become(self, request, status)
            return True
        child.watch(request.connection, pid)

    def _enter(self, request):
        """Enters the client's namespaces, so that what it starts ends with them."""
        circumstances = kernel.circumstances(request.pid)
        for name, own in self._circumstances.items():
            if circumstances[name] != own:
                raise Unfit(f"another process has other {name}")
        files = {fd: _identity(f"/proc/{request.pid}/fd/{fd}") for fd in request.files}
        if files != self.files:
            raise Unfit("it inherits open files")
        status = kernel.status_of(request.pid)
        spaces = {name: os.open(f"/proc/{request.pid}/ns/{name}", os.O_RDONLY) for name in ("user", "pid", "mnt")}
        own = {name: os.stat(f"/proc/self/ns/{name}").st_ino for name in spaces}
        other = {name: os.fstat(fd).st_ino for name, fd in spaces.items()}
        if other["pid"] == own["pid"]:
            raise Unfit("it has no process namespace")
        if other["user"] != own["user"]:
            kernel.setns(spaces["user"], kernel.CLONE_NEWUSER)
        kernel.setns(spaces["pid"], kernel.CLONE_NEWPID)
        if other["mnt"] != own["mnt"]:
            kernel.setns(spaces["mnt"], kernel.CLONE_NEWNS)
        for fd in spaces.values():
            os.close(fd)
        if other["user"] != own["user"]:
            kernel.set_capabilities(status)
        os.fchdir(request.descriptors[3])
        return status


def is_decisive(name):
    """Variables that the interpreter or native code reads without our seeing it."""
    return name.startswith(DECISIVE)


DECISIVE = (
    *("PYTHON", "LANG", "LC_", "LANGUAGE", "TZ", "LD_", "GLIBC_", "MALLOC_", "OMP_", "GOMP_", "KMP_", "OPENBLAS_", "GOTO_"),
    *("BLIS_", "MKL_", "NUMEXPR_", "VECLIB_", "NPY_", "ARROW_", "MPL", "TF_", "CUDA_", "TORCH_", "JOBLIB_", "SKLEARN_"),
)


def _imports(request):
    if request.kind == "script":
        found = imports_of_program(request.script)
    elif request.kind == "command":
        found = imports_of_text(request.target)
    else:
        found = []
    return found


def _modules_in(folder):
    try:
        entries = os.listdir(folder)
    except OSError:
        return
    for entry in entries:
        name, dot, _ = entry.partition(".")
        if not dot:
            package = os.path.join(folder, entry)
            if os.path.isdir(package) and any(one.startswith("__init__.") for one in os.listdir(package)):
                yield entry
        elif entry.endswith((".py", ".pyc", ".so")):
            yield name


def _inherited():
    """Files that whoever started our parent left open; steps inherit them, too."""
    numbers = [int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2]
    return {fd: _identity(f"/proc/self/fd/{fd}") for fd in numbers if _is_inherited(fd)}


def _is_inherited(fd):
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False


def _identity(path):
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _signature():
    """Changes when something is installed: names and inodes of what lies in the environment's folders."""
    found = {}
    for folder in sys.path:
        if folder.endswith("-packages"):
            with os.scandir(folder) as entries:
                found[folder] = {entry.name: entry.inode() for entry in entries if entry.name != "__pycache__"}
    return found


def log(text):
    os.write(1, f"{text}\n".encode("utf-8", "backslashreplace"))
