"""What client and server tell each other; see client.py for the other side."""
import array
import os
import socket
import struct

SLOW = 5  # seconds that a client may take to say what it wants


class Request:
    def __init__(self, connection):
        self.connection = connection
        connection.settimeout(SLOW)
        size, ancillary, _, _ = connection.recvmsg(10, socket.CMSG_SPACE(16))
        self.descriptors = array.array("i")
        for _, _, data in ancillary:
            self.descriptors.frombytes(data[: len(data) - len(data) % 4])
        fields = _receive(connection, int(size))[:-1].split(b"\0")
        count, self.blocked, self.files = int(fields[0]), _numbers(fields[1]), _numbers(fields[2])
        self.argv = [os.fsdecode(field) for field in fields[3 : 3 + count]]
        self.environment = dict(field.split(b"=", 1) for field in fields[3 + count :])
        self.pid = struct.unpack("iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        self.folder = os.readlink(f"/proc/{self.pid}/cwd")
        self.kind, self.target, self.arguments = _parsed(self.argv)

    def answer(self, number):
        self.connection.sendall(b"%11d" % number)

    def close(self):
        self.connection.close()
        for fd in self.descriptors:
            os.close(fd)

    @property
    def script(self):
        """The script's path as the interpreter makes it absolute."""
        return self.target if os.path.isabs(self.target) else f"{self.folder.rstrip('/')}/{self.target}"

    @property
    def search_path_start(self):
        """The folder that the interpreter will put first on sys.path."""
        if self.kind != "script":
            return self.folder
        return os.path.dirname(os.path.realpath(self.script))


def _numbers(field):
    return {int(number) for number in field.split(b",") if number}


def _receive(connection, size):
    received = b""
    while len(received) < size:
        block = connection.recv(size - len(received))
        if not block:
            raise EOFError
        received += block
    return received


def _parsed(argv):
    rest = argv[2:] if argv[1] == "-u" else argv[1:]
    if rest[0] in ("-c", "-m"):
        return {"-c": "command", "-m": "module"}[rest[0]], rest[1], [rest[0], *rest[2:]]
    return "script", rest[0], rest
