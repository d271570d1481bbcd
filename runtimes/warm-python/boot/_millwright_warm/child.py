"""Makes a forked server look like an interpreter that was just started."""
import _locale
import gc
import os
import select
import signal
import sys
import time

UNTOUCHED = (signal.SIGPIPE, signal.SIGXFSZ)  # which the interpreter always ignores


class InterpreterState:
    """What modules might change on import although scripts rely on it."""

    def __init__(self):
        self._before = self._now()

    def changed(self):
        before, now = self._before, self._now()
        wrong = [name for name in before if before[name] != now[name]]
        return f"importing changes {', '.join(wrong)}" if wrong else None

    def _now(self):
        return {
            "signal handlers": [signal.getsignal(number) for number in sorted(signal.valid_signals())],
            "hooks": (sys.excepthook, sys.displayhook, sys.breakpointhook, sys.unraisablehook, sys.gettrace()),
            "the locale": _locale.setlocale(_locale.LC_ALL),
            "streams": (sys.stdin, sys.stdout, sys.stderr),
            "the recursion limit": sys.getrecursionlimit(),
            "the garbage collector": (gc.isenabled(), gc.get_threshold()),
            "the working directory": os.getcwd(),
        }


def watch(connection, pid):
    """Ends with the script, and the script with its client."""
    fd = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    poll.register(connection, select.POLLRDHUP | select.POLLHUP)
    for fd in (0, 1, 2):
        os.close(fd)
    while True:
        ready = dict(poll.poll())
        if connection.fileno() in ready and len(ready) == 1:
            os.kill(pid, signal.SIGKILL)
            poll.unregister(connection)
            continue
        _, status = os.waitpid(pid, 0)
        try:
            connection.sendall(b"%11d" % status)
        except OSError:
            pass
        os._exit(0)


def become(server, request, status):
    request.answer(os.getpid())
    _take_descriptors(request, server.files)
    os.umask(int(status["Umask"], 8))
    _take_signals(request.blocked, int(status["SigIgn"], 16))
    server.stash.hide()
    for name in [name for name in sys.modules if name.startswith("_millwright_warm")]:
        del sys.modules[name]
    server.stash.forget("_millwright_warm")
    _take_environment(request.environment)
    _take_arguments(server, request)
    for stream, mode in (("stdin", "rb"), ("stdout", "wb"), ("stderr", "wb")):
        _reopen(getattr(sys, stream), mode, stream)
    _start_afresh(server.stash)
    server.stash.install()
    server.command_line.set(request.kind, request.script if request.kind == "script" else request.target)


def _take_descriptors(request, kept):
    for number, fd in enumerate(request.descriptors[:3]):
        os.dup2(fd, number)
    for fd in sorted(int(name) for name in os.listdir("/proc/self/fd")):
        if fd > 2 and fd not in kept:
            _close(fd)
    request.connection.detach()


def _close(fd):
    try:
        os.close(fd)
    except OSError:
        pass  # the listing's own


def _take_signals(blocked, ignored):
    for number in signal.valid_signals() - {*UNTOUCHED, signal.SIGKILL, signal.SIGSTOP}:
        is_ignored = signal.getsignal(number) == signal.SIG_IGN
        if ignored >> (number - 1) & 1:
            signal.signal(number, signal.SIG_IGN)
        elif is_ignored:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _take_environment(variables):
    import posix

    os.environb.clear()
    for name, value in variables.items():
        os.environb[name] = value
    posix.environ.clear()
    posix.environ.update(variables)


def _take_arguments(server, request):
    name = os.path.basename(request.argv[0])
    sys.argv[:] = request.arguments
    sys.executable = os.path.join(server.bin, name)
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = request.argv
    at = sys.path.index(server.startup) + 1
    sys.path[at:at] = [entry for entry in server._own_paths(request) if entry not in sys.path]


def _reopen(stream, mode, name):
    """As the interpreter opens its streams, but the objects that modules may have taken stay the same."""
    import io

    kept = {key: getattr(stream, key) for key in ("encoding", "errors", "line_buffering", "write_through")}
    unbuffered = mode == "wb" and kept["write_through"]
    buffer = io.open(stream.fileno(), mode, 0 if unbuffered else -1, closefd=False)
    raw = buffer if unbuffered else buffer.raw
    raw.name = f"<{name}>"
    stream.detach()
    stream.__init__(buffer, newline="\n", **kept)
    stream.mode = mode[0]


def _start_afresh(stash):
    """What begins with random numbers or with the time."""
    modules = stash._hidden
    for name in ("random", "numpy.random"):
        if name in modules:
            modules[name].seed()
    if "logging" in modules:
        logging = modules["logging"]
        logging.root.manager.loggerDict.clear()
        logging._startTime = time.time_ns() if isinstance(logging._startTime, int) else time.time()
    if "weakref" in modules:
        modules["weakref"].finalize._registered_with_atexit = False
    if "multiprocessing.process" in modules:
        process = modules["multiprocessing.process"]
        process._current_process._config["authkey"] = process.AuthenticationString(os.urandom(32))
