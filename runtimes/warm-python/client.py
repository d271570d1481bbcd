"""Stands for `python` in PATH: lets the fork server run the script, or becomes the real interpreter.

Runs with `-ISE`, so that it starts in a few milliseconds, and imports nothing that isn't part of the interpreter.
"""
import posix
import sys

HERE, NAME = sys.argv[0].rsplit("/", 1)
ENVIRONMENT = "@ENVIRONMENT@"
PATIENCE = 120  # seconds: a preload takes less


def main():
    arguments, before = sys.argv[1:], _initial_environment()
    if _is_plain(arguments):
        import _signal

        mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
        try:
            server = _ask(arguments, mask)
        except OSError:
            server = None
        if server:
            _follow(*server)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
    posix.execve(ENVIRONMENT + "/bin/" + NAME, [NAME, *arguments], before)


def _is_plain(arguments):
    """A script, a module or a command, with no option but `-u`, and no terminal."""
    options = 1 if arguments[:1] == ["-u"] else 0
    first = arguments[options : options + 1]
    if first in (["-c"], ["-m"]):
        ok = len(arguments) > options + 1
    else:
        ok = bool(first) and first[0] != "" and first[0][0] != "-"
    return ok and _has_plain_streams()


def _has_plain_streams():
    for fd in (0, 1, 2):
        try:
            posix.fstat(fd)
        except OSError:
            return False
        if posix.isatty(fd):
            return False
    return True


def _other_files():
    """Open files that the script would inherit."""
    for entry in posix.listdir("/proc/self/fd"):
        try:
            if int(entry) > 2 and posix.get_inheritable(int(entry)):
                yield int(entry)
        except OSError:
            pass  # the listing's own


def _initial_environment():
    """As the kernel handed it over; the interpreter may have added LC_CTYPE since."""
    fd = posix.open("/proc/self/environ", posix.O_RDONLY | posix.O_CLOEXEC)
    content = b""
    while True:
        block = posix.read(fd, 1 << 20)
        if not block:
            break
        content += block
    posix.close(fd)
    variables = dict(entry.split(b"=", 1) for entry in content.split(b"\0") if b"=" in entry[1:])
    return _without_us(variables)


def _without_us(variables):
    here = _bytes(HERE)
    path = variables.get(b"PATH")
    if path is not None:
        variables[b"PATH"] = b":".join(entry for entry in path.split(b":") if entry != here)
    if variables.get(b"_") == here + b"/" + _bytes(NAME):
        variables[b"_"] = _bytes(ENVIRONMENT + "/bin/" + NAME)
    return variables


def _bytes(text):
    return text.encode(sys.getfilesystemencoding(), "surrogateescape")


def _ask(arguments, mask):
    import _socket

    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(PATIENCE)
    connection.connect(HERE + "/../socket")
    folder = posix.open(".", posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    texts = [_bytes(text) for text in [NAME, *arguments]]
    variables = [b"%s=%s" % item for item in _without_us(dict(posix.environ)).items()]
    numbers = [b",".join(b"%d" % number for number in group) for group in ([len(texts)], mask, _other_files())]
    body = b"".join(b"%s\0" % text for text in [*numbers, *texts, *variables])
    descriptors = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (0, 1, 2, folder))
    connection.sendmsg([b"%10d" % len(body)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptors)])
    connection.sendall(body)
    posix.close(folder)
    answer = connection.recv(11)
    if len(answer) < 11:
        return None
    return connection, int(answer)


def _follow(connection, child):
    """Passes signals on until the child has ended, then ends as it did."""
    import _signal
    import _thread

    everything = _signal.valid_signals() - {_signal.SIGCHLD}
    while True:
        pending = _signal.sigtimedwait(everything, 0)
        if pending is None:
            break
        posix.kill(child, pending.si_signo)
    _thread.start_new_thread(_forward, (child, everything))
    connection.settimeout(None)
    answer = connection.recv(11)
    if len(answer) < 11:  # the server is gone
        try:
            posix.kill(child, 9)
        except OSError:
            pass
        posix._exit(137)
    status = int(answer)
    if posix.WIFSIGNALED(status):
        number = posix.WTERMSIG(status)
        if number not in (9, 19):
            _signal.signal(number, _signal.SIG_DFL)
        posix.kill(posix.getpid(), number)
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, {number})
        posix._exit(128 + number)  # the first process of a namespace gets no signals
    posix._exit(posix.WEXITSTATUS(status))


def _forward(child, everything):
    import _signal

    while True:
        received = _signal.sigwaitinfo(everything)
        # Sent from outside of the namespace, it was sent to all of the tree's processes.
        if received.si_code == 0 and received.si_pid == 0:
            continue
        try:
            posix.kill(child, received.si_signo)
        except OSError:
            pass


main()
