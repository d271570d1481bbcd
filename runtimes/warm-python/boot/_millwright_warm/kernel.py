"""Linux calls that Python has no functions for, and what /proc tells of a process."""
import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
PR_SET_PDEATHSIG = 1


def setns(fd, kind):
    _checked(_libc.setns(fd, kind))


def die_with_parent(parent):
    _checked(_libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0))
    if os.getppid() != parent:
        os._exit(1)


def set_capabilities(status):
    """Takes on another process's capabilities, as its /proc/<pid>/status shows them."""
    sets = [int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh")]
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    words = [half for shift in (0, 32) for half in ((value >> shift) & 0xFFFFFFFF for value in sets)]
    _checked(_libc.capset(header, (ctypes.c_uint32 * 6)(*words)))


def status_of(pid):
    lines = _read(f"/proc/{pid}/status").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def threads():
    return len(os.listdir("/proc/self/task"))


def circumstances(pid):
    """What a forked process can't take over from another one, so that it has to be equal."""
    stat = _read(f"/proc/{pid}/stat")
    status = status_of(pid)
    shown = ["Uid", "Gid", "Groups", "NoNewPrivs", "Seccomp", "Cpus_allowed", "Mems_allowed"]
    namespaces = ["cgroup", "ipc", "net", "time", "uts"]
    return {
        **{name: status.get(name) for name in shown},
        **{name: _link(f"/proc/{pid}/ns/{name}") for name in namespaces},
        "nice": stat.rpartition(")")[2].split()[16],
        "limits": _read(f"/proc/{pid}/limits"),
        "cgroups": _read(f"/proc/{pid}/cgroup"),
        "oom": _read(f"/proc/{pid}/oom_score_adj"),
    }


def _link(path):
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return None


def _read(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def _checked(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
