"""Serves one model over HTTP by the Open Inference Protocol v2. Python 3.10 or newer, standard library only.

Everything is found relative to the folder OIP_HOME (default: the folder of this file):

    service.json     name, version, digest, commit, signature {inputs, outputs}, predict, model, warmup
    <predict>        the model type's code: load(model_dir) -> model, and
                     predict(model, inputs: dict[str, list]) -> dict[str, list], with flat row-major lists.
                     A ValueError from predict means that the caller's values are bad and becomes a 400.
                     Calls come one at a time unless the module says CONCURRENT = True.
    <model>/         the model's files, whose digest must be the one in service.json

Exit codes: 0 stopped by SIGTERM or SIGINT; 2 service.json or the environment is wrong; 3 the model is missing,
altered, can't be loaded, or fails its self-inference. The reason is the last line on stderr.

Environment: PORT (8080), HOST (0.0.0.0), OIP_HOME, OIP_MAX_BODY_BYTES (64 MiB), OIP_GRACE_SECONDS (25).
NaN and infinity aren't JSON: in a request they are refused (400), in the model's answer they are its fault (500).
"""

import hashlib
import importlib.util
import json
import math
import operator
import os
import signal
import socket
import sys
import threading
import time
import traceback
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

EXIT_SETUP = 2
EXIT_MODEL = 3
PLATFORM = "python"
INTEGER_RANGES = {
    **{f"INT{bits}": (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": (0, (1 << bits) - 1) for bits in (8, 16, 32, 64)},
}
FLOAT_LIMITS = {"FP16": 65504.0, "FP32": 3.4028234663852886e38, "FP64": sys.float_info.max}
DATATYPES = {"BOOL", "BYTES", *INTEGER_RANGES, *FLOAT_LIMITS}


def main() -> int:
    sys.dont_write_bytecode = True
    try:
        service = Service(home())
        port, host = number("PORT", 8080, 0, 65535), os.environ.get("HOST", "0.0.0.0")
        limit = number("OIP_MAX_BODY_BYTES", 64 << 20, 1, 1 << 40)
        grace = number("OIP_GRACE_SECONDS", 25, 0, 86400)
        service.verify_model()
        server = Server((host, port), service, limit)
    except (SetupError, OSError) as error:
        return give_up(error, EXIT_SETUP)
    except ModelError as error:
        return give_up(error, EXIT_MODEL)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    failures: list[Exception] = []
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    threading.Thread(target=prepare, args=(service, failures, stop), daemon=True).start()
    log(f"listening on {host}:{server.server_port}")
    stop.wait()
    if failures:
        return give_up(failures[0], EXIT_MODEL)
    server.drain(grace)
    return 0


def home() -> Path:
    return Path(os.environ.get("OIP_HOME") or Path(__file__).parent).resolve()


def number(name: str, default: int, low: int, high: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SetupError(f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def prepare(service: "Service", failures: list, stop: threading.Event) -> None:
    """Loads the model beside the running server, so that liveness answers meanwhile."""
    try:
        service.load()
        log(f"ready: model {service.name} version {service.version}")
    except BaseException as error:
        if not isinstance(error, ModelError):
            traceback.print_exc()
        failures.append(error)
        stop.set()


def give_up(error: BaseException, code: int) -> int:
    log(f"{type(error).__name__}: {error}" if not isinstance(error, (SetupError, ModelError)) else str(error))
    return code


def log(message: str) -> None:
    print(f"oip_server: {message}", file=sys.stderr, flush=True)


class SetupError(Exception):
    """service.json or the environment is wrong."""


class ModelError(Exception):
    """The model can't be served."""


class Refused(Exception):
    """The caller's mistake, or a state in which the call can't be answered."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None):
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


# The model and its signature


class Service:
    def __init__(self, folder: Path):
        document = read_service(folder / "service.json")
        self.name: str = document["name"]
        self.version = str(document["version"])
        self.digest: str = document["digest"]
        self.commit: str = document["commit"]
        self.inputs = [Tensor(item) for item in document["signature"]["inputs"]]
        self.outputs = [Tensor(item) for item in document["signature"]["outputs"]]
        self.predict_file = inside(folder, document["predict"])
        self.model_folder = inside(folder, document["model"])
        self.warmup = document.get("warmup")
        self.ready = False
        self.model = None
        self.module = None
        self.lock: threading.Lock | None = None

    def verify_model(self) -> None:
        found = folder_digest(self.model_folder)
        if found != self.digest:
            raise ModelError(f"the model's files have the digest {found}, but service.json says {self.digest}")

    def load(self) -> None:
        self.module = load_module(self.predict_file)
        self.lock = None if getattr(self.module, "CONCURRENT", False) else threading.Lock()
        try:
            self.model = self.module.load(str(self.model_folder))
        except Exception as error:
            traceback.print_exc()
            raise ModelError(f"load({str(self.model_folder)!r}) failed: {describe(error)}") from error
        self.infer_once()
        self.ready = True

    def infer_once(self) -> None:
        """One inference before the service calls itself ready: recorded values, or else zeros."""
        request = self.warmup or zero_request(self.inputs)
        if request is None:
            return
        try:
            self.infer(request)
        except Refused as error:
            if self.warmup is None and error.status == 400:
                return log(f"the model refuses zeros ({error}); ready without a self-inference")
            raise ModelError(f"the self-inference failed: {error}") from error

    def infer(self, request: object) -> dict:
        if not isinstance(request, dict):
            raise Refused(400, "the request must be a JSON object")
        values, batch = check_inputs(self.inputs, request.get("inputs"))
        wanted = wanted_outputs(self.outputs, request.get("outputs"))
        results = check_outputs(self.outputs, self.predict(values), batch)
        answer = {"model_name": self.name, "model_version": self.version}
        if "id" in request:
            answer["id"] = text_of(request["id"], "id")
        return {**answer, "outputs": [result for result in results if result["name"] in wanted]}

    def predict(self, values: dict[str, list]) -> object:
        try:
            if self.lock is None:
                return self.module.predict(self.model, values)
            with self.lock:
                return self.module.predict(self.model, values)
        except ValueError as error:
            raise Refused(400, f"the model refuses the values: {error}") from error
        except Exception as error:
            traceback.print_exc()
            raise Refused(500, f"the model failed: {describe(error)}") from error

    def metadata(self) -> dict:
        return {
            "name": self.name,
            "versions": [self.version],
            "platform": PLATFORM,
            "inputs": [tensor.document() for tensor in self.inputs],
            "outputs": [tensor.document() for tensor in self.outputs],
            "version": self.version,
            "digest": self.digest,
            "commit": self.commit,
        }


class Tensor:
    def __init__(self, item: dict):
        self.name: str = item["name"]
        self.datatype: str = item["datatype"]
        self.shape: list[int] = item["shape"]
        if self.datatype not in DATATYPES:
            raise SetupError(f"service.json: {self.name} has the unknown datatype {self.datatype!r}")

    def document(self) -> dict:
        return {"name": self.name, "datatype": self.datatype, "shape": self.shape}


def read_service(file: Path) -> dict:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        for key in ("name", "version", "digest", "commit", "predict", "model"):
            if not isinstance(document[key], str):
                raise TypeError(f"{key} must be a text")
        for tensor in [*document["signature"]["inputs"], *document["signature"]["outputs"]]:
            name, datatype, shape = tensor["name"], tensor["datatype"], tensor["shape"]
            if not all(type(part) is str for part in (name, datatype)):
                raise TypeError("name and datatype of a tensor must be texts")
            if not all(type(size) is int and (size == -1 or size > 0) for size in shape):
                raise TypeError(f"the shape of {name} must hold -1 or positive sizes")
        return document
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{file}: {type(error).__name__}: {error}") from error


def inside(folder: Path, relative: str) -> Path:
    path = (folder / relative).resolve()
    if folder not in path.parents:
        raise SetupError(f"service.json: {relative!r} is not inside {folder}")
    return path


def folder_digest(folder: Path) -> str:
    """sha256 over one line `path NUL size NUL sha256 LF` per file, sorted by the bytes of the path."""
    if not folder.is_dir():
        raise ModelError(f"the model folder {folder} is missing")
    total = hashlib.sha256()
    files = [path for path in folder.rglob("*") if not path.is_dir()]
    for relative, path in sorted((os.fsencode(path.relative_to(folder).as_posix()), path) for path in files):
        size, digest = file_digest(path)
        total.update(relative + f"\0{size}\0{digest}\n".encode())
    return f"sha256:{total.hexdigest()}"


def file_digest(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def load_module(file: Path):
    sys.path.insert(0, str(file.parent))
    try:
        spec = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[file.stem] = module
        spec.loader.exec_module(module)
    except Exception as error:
        traceback.print_exc()
        raise ModelError(f"{file} can't be imported: {describe(error)}") from error
    for name in ("load", "predict"):
        if not callable(getattr(module, name, None)):
            raise ModelError(f"{file} has no function {name}()")
    return module


def describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def zero_request(signature: list[Tensor]) -> dict | None:
    """Nothing for texts: an empty one is seldom a value that a model knows."""
    if not signature or any(tensor.datatype == "BYTES" for tensor in signature):
        return None
    return {"inputs": [zero_tensor(tensor) for tensor in signature]}


def zero_tensor(tensor: Tensor) -> dict:
    shape = [1 if size == -1 else size for size in tensor.shape]
    zero = False if tensor.datatype == "BOOL" else 0
    return {**tensor.document(), "shape": shape, "data": [zero] * math.prod(shape)}


# What callers send


def check_inputs(signature: list[Tensor], inputs: object) -> tuple[dict[str, list], int]:
    """The flat values by name, and the batch size (1 when no input has one)."""
    given = by_name(inputs, "inputs", {tensor.name for tensor in signature})
    missing = [tensor.name for tensor in signature if tensor.name not in given]
    if missing:
        raise Refused(400, f"input {missing[0]!r} is missing")
    values, batches = {}, {}
    for tensor in signature:
        item = given[tensor.name]
        shape = check_shape(tensor, item)
        if tensor.shape[:1] == [-1]:
            batches[tensor.name] = shape[0]
        values[tensor.name] = check_data(tensor, shape, item.get("data"))
    if len(set(batches.values())) > 1:
        raise Refused(400, f"the inputs differ in their batch size: {batches}")
    return values, next(iter(batches.values()), 1)


def by_name(items: object, what: str, known: set[str]) -> dict[str, dict]:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refused(400, f"{what} must be a list of objects")
    found: dict[str, dict] = {}
    for item in items:
        name = text_of(item.get("name"), f"name in {what}")
        if name not in known:
            raise Refused(400, f"unknown name {name!r} in {what}; known: {', '.join(sorted(known))}")
        if name in found:
            raise Refused(400, f"{name!r} appears twice in {what}")
        found[name] = item
    return found


def text_of(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise Refused(400, f"{what} must be a text")
    return value


def wanted_outputs(signature: list[Tensor], outputs: object) -> set[str]:
    known = {tensor.name for tensor in signature}
    return known if not outputs else set(by_name(outputs, "outputs", known))


def check_shape(tensor: Tensor, item: dict) -> list[int]:
    datatype, shape = item.get("datatype"), item.get("shape")
    if datatype != tensor.datatype:
        raise Refused(400, f"input {tensor.name!r} has the datatype {tensor.datatype}, not {shown(datatype)}")
    if not isinstance(shape, list) or not all(type(size) is int and size > 0 for size in shape):
        raise Refused(400, f"the shape of input {tensor.name!r} must be a list of positive whole numbers")
    fits = len(shape) == len(tensor.shape) and all(want in (-1, size) for want, size in zip(tensor.shape, shape))
    if not fits:
        raise Refused(400, f"input {tensor.name!r} has the shape {tensor.shape}, not {shown(shape)}")
    return shape


def check_data(tensor: Tensor, shape: list[int], data: object) -> list:
    what = f"input {tensor.name!r}"
    if not isinstance(data, list):
        raise Refused(400, f"the data of {what} must be a list")
    flat = flatten(data, shape, what) if any(type(value) is list for value in data) else data
    if len(flat) != math.prod(shape):
        raise Refused(400, f"the shape {shown(shape)} of {what} needs {math.prod(shape)} values, not {len(flat)}")
    return check_values(tensor, flat, what)


def flatten(data: list, shape: list[int], what: str) -> list:
    """Row-major values of lists nested as the shape says."""
    level = [data]
    for size in shape:
        if any(type(part) is not list or len(part) != size for part in level):
            raise Refused(400, f"the nested data of {what} don't fit its shape {shown(shape)}")
        level = [value for part in level for value in part]
    return level


def check_values(tensor: Tensor, values: list, what: str) -> list:
    kinds = set(map(type, values))
    allowed = accepted_types(tensor.datatype)
    if not kinds <= allowed:
        wrong = next(value for value in values if type(value) not in allowed)
        raise Refused(400, f"{shown(wrong)} in the data of {what} is not of the datatype {tensor.datatype}")
    if tensor.datatype in INTEGER_RANGES:
        low, high = INTEGER_RANGES[tensor.datatype]
        if values and (min(values) < low or max(values) > high):
            raise Refused(400, f"the data of {what} leave the range of {tensor.datatype}, {low} to {high}")
    if tensor.datatype in FLOAT_LIMITS:
        return check_floats(tensor, values, what)
    return values


def accepted_types(datatype: str) -> set[type]:
    if datatype in INTEGER_RANGES:
        return {int}
    if datatype in FLOAT_LIMITS:
        return {int, float}
    return {bool} if datatype == "BOOL" else {str}


def check_floats(tensor: Tensor, values: list, what: str) -> list[float]:
    limit = FLOAT_LIMITS[tensor.datatype]
    try:
        floats = list(map(float, values))
    except OverflowError:
        floats = [math.inf]
    if not all(map(math.isfinite, floats)) or (floats and (max(floats) > limit or min(floats) < -limit)):
        raise Refused(400, f"the data of {what} leave the range of {tensor.datatype}")
    return floats


def shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


# What the model answers


def check_outputs(signature: list[Tensor], results: object, batch: int) -> list[dict]:
    if not isinstance(results, dict):
        raise Refused(500, f"predict() returned {type(results).__name__}, not a dict")
    return [output_of(tensor, results, batch) for tensor in signature]


def output_of(tensor: Tensor, results: dict, batch: int) -> dict:
    if tensor.name not in results:
        raise Refused(500, f"predict() returned no {tensor.name!r}")
    try:
        values = [convert_output(tensor.datatype, value) for value in flat_values(results[tensor.name])]
    except (TypeError, ValueError, OverflowError) as error:
        message = f"predict() returned a {tensor.name!r} that isn't {tensor.datatype}: {error}"
        raise Refused(500, message) from error
    return {**tensor.document(), "shape": output_shape(tensor, len(values), batch), "data": values}


def flat_values(values: object) -> list:
    """Lists as they are; arrays (anything with tolist) too, nested or not."""
    listed = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(listed, (list, tuple)):
        return [listed]
    while any(isinstance(value, (list, tuple)) for value in listed):
        listed = [inner for value in listed for inner in value]
    return list(listed)


def convert_output(datatype: str, value: object) -> object:
    plain = value.item() if hasattr(value, "item") else value
    if datatype == "BYTES":
        if not isinstance(plain, str):
            raise TypeError(f"{plain!r} is not a text")
        return str(plain)
    if datatype == "BOOL":
        if not isinstance(plain, bool):
            raise TypeError(f"{plain!r} is not a bool")
        return plain
    return float_output(datatype, plain) if datatype in FLOAT_LIMITS else integer_output(datatype, plain)


def float_output(datatype: str, value: object) -> float:
    if isinstance(value, (str, bool)) or not math.isfinite(result := float(value)):
        raise ValueError(f"{value!r} is not a finite number")
    if abs(result) > FLOAT_LIMITS[datatype]:
        raise ValueError(f"{value!r} leaves its range")
    return result


def integer_output(datatype: str, value: object) -> int:
    low, high = INTEGER_RANGES[datatype]
    if isinstance(value, bool) or not low <= (result := operator.index(value)) <= high:
        raise ValueError(f"{value!r} is not a whole number of its range")
    return result


def output_shape(tensor: Tensor, count: int, batch: int) -> list[int]:
    """The signature's shape with the batch in the first place; at most one further free size follows from the count."""
    shape = [batch if size == -1 and place == 0 else size for place, size in enumerate(tensor.shape)]
    known = math.prod(size for size in shape if size != -1)
    if shape.count(-1) == 1 and count % known == 0:
        shape[shape.index(-1)] = count // known
    if -1 in shape or math.prod(shape) != count:
        raise Refused(500, f"predict() returned {count} values of {tensor.name!r}, which don't fit {shape}")
    return shape


# HTTP


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], service: Service, limit: int):
        self.service = service
        self.limit = limit
        self.metrics = Metrics(service)
        self.in_flight = 0
        self.idle = threading.Condition()
        self.draining = False
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Without HTTPServer's look-up of the host name, which can take seconds where there is no DNS."""
        socket_server_bind(self)

    def handle_error(self, request, client_address) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            traceback.print_exc()

    def enter(self) -> None:
        with self.idle:
            self.in_flight += 1

    def leave(self) -> None:
        with self.idle:
            self.in_flight -= 1
            self.idle.notify_all()

    def drain(self, grace: float) -> None:
        """Takes no more connections and waits until every request that had begun is answered."""
        self.draining = True
        self.shutdown()
        self.server_close()
        with self.idle:
            self.idle.wait_for(lambda: self.in_flight == 0, timeout=grace)


def socket_server_bind(server: Server) -> None:
    if server.allow_reuse_address:
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.socket.bind(server.server_address)
    server.server_address = server.socket.getsockname()
    server.server_name, server.server_port = server.server_address[:2]


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "millwright-python-oip"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 75
    counted = False

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        finally:
            if self.counted:
                self.counted = False
                self.server.leave()

    def parse_request(self) -> bool:
        self.counted = True
        self.server.enter()
        self.route, self.body_read, self.began = "other", False, time.perf_counter()
        self.headers = Message()
        return super().parse_request()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses (request lines, headers, methods), as JSON too."""
        self.close_connection = True
        self.reply(int(code), {"error": message or HTTPStatus(code).phrase}, {"Connection": "close"})

    def handle_expect_100(self) -> bool:
        try:
            self.body_length()
        except Refused as error:
            self.refuse(error)
            return False
        return super().handle_expect_100()

    def do_GET(self) -> None:
        self.answer("GET")

    def do_HEAD(self) -> None:
        self.answer("GET")

    def do_POST(self) -> None:
        self.answer("POST")

    do_PUT = do_PATCH = do_DELETE = do_OPTIONS = lambda self: self.answer(self.command)

    def answer(self, method: str) -> None:
        try:
            self.dispatch(method)
        except Refused as error:
            self.refuse(error)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception:
            traceback.print_exc()
            self.refuse(Refused(500, "internal error; see the log"))

    def refuse(self, error: Refused) -> None:
        self.reply(error.status, {"error": str(error)}, error.headers)

    def dispatch(self, method: str) -> None:
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        self.route, allowed, run = self.find(parts)
        if method != allowed:
            raise Refused(405, f"{self.command} is not allowed here", {"Allow": allowed})
        run()

    def find(self, parts: list[str]):
        """Name of the route, its method, and what answers it."""
        service = self.server.service
        match parts:
            case ["v2"]:
                return "server", "GET", self.server_metadata
            case ["v2", "health", "live"]:
                return "live", "GET", lambda: self.reply(200, {"live": True})
            case ["v2", "health", "ready"]:
                return "ready", "GET", lambda: self.readiness({})
            case ["metrics"]:
                return "metrics", "GET", self.prometheus
            case ["v2", "models", name, *rest] if name == service.name:
                return self.find_model(self.without_version(rest))
            case ["v2", "models", name, *_]:
                raise Refused(404, f"unknown model {name!r}; this service has {service.name!r}")
        raise Refused(404, f"there is nothing at {urlsplit(self.path).path!r}")

    def without_version(self, rest: list[str]) -> list[str]:
        if rest[:1] != ["versions"] or len(rest) < 2:
            return rest
        if rest[1] != self.server.service.version:
            message = f"unknown version {rest[1]!r}; this service has {self.server.service.version!r}"
            raise Refused(404, message)
        return rest[2:]

    def find_model(self, rest: list[str]):
        service = self.server.service
        match rest:
            case []:
                return "metadata", "GET", lambda: self.reply(200, service.metadata())
            case ["ready"]:
                return "ready", "GET", lambda: self.readiness({"name": service.name})
            case ["infer"]:
                return "infer", "POST", self.infer
        raise Refused(404, f"there is nothing at {urlsplit(self.path).path!r}")

    def server_metadata(self) -> None:
        self.reply(200, {"name": self.server_version, "version": "2", "extensions": []})

    def readiness(self, document: dict) -> None:
        ready = self.server.service.ready and not self.server.draining
        self.reply(200 if ready else 503, {**document, "ready": ready})

    def infer(self) -> None:
        request = parse_json(self.read_body())
        if not self.server.service.ready:
            raise Refused(503, "the model is still being loaded", {"Retry-After": "1"})
        self.reply(200, self.server.service.infer(request))

    def body_length(self) -> int:
        if "Transfer-Encoding" in self.headers:
            raise Refused(411, "send the body with a Content-Length")
        text = self.headers.get("Content-Length", "0")
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise Refused(400, "Content-Length must be a whole number")
        if int(text) > self.server.limit:
            raise Refused(413, f"the body has {text} bytes; at most {self.server.limit} are taken")
        return int(text)

    def read_body(self) -> bytes:
        if "Inference-Header-Content-Length" in self.headers:
            raise Refused(400, "binary tensor data are not supported; send JSON")
        length = self.body_length()
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("the caller went away")
        self.body_read = True
        return body

    def prometheus(self) -> None:
        self.send(200, self.server.metrics.text(self.server.in_flight).encode(), "text/plain; version=0.0.4; charset=utf-8", {})

    def reply(self, status: int, document: dict, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self.send(status, body.encode("utf-8", "replace"), "application/json", headers or {})

    def send(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        if (self.server.draining or self.body_unread()) and "Connection" not in headers:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()
        self.server.metrics.count(self.route, status, time.perf_counter() - self.began)

    def body_unread(self) -> bool:
        """Bytes of a refused body would be taken for the next request on this connection."""
        has_body = self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers
        return has_body and not self.body_read

    def log_message(self, format: str, *args: object) -> None:
        """One line per request would cost more than a small model's inference; see /metrics."""


def parse_json(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is not a JSON document: {error}") from error


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not allowed")


class Metrics:
    BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

    def __init__(self, service: Service):
        self.service = service
        self.lock = threading.Lock()
        self.requests: dict[tuple[str, int], int] = {}
        self.buckets = [0] * (len(self.BOUNDS) + 1)
        self.seconds = 0.0

    def count(self, route: str, status: int, seconds: float) -> None:
        with self.lock:
            self.requests[route, status] = self.requests.get((route, status), 0) + 1
            if route == "infer":
                self.seconds += seconds
                self.buckets[sum(seconds > bound for bound in self.BOUNDS)] += 1

    def text(self, in_flight: int) -> str:
        with self.lock:
            requests, buckets, seconds = dict(self.requests), list(self.buckets), self.seconds
        lines = ["# TYPE oip_model_info gauge", f"oip_model_info{self.info()} 1"]
        lines += ["# TYPE oip_ready gauge", f"oip_ready {int(self.service.ready)}", "# TYPE oip_requests_total counter"]
        lines[-1:-1] = ["# TYPE oip_in_flight gauge", f"oip_in_flight {in_flight}"]
        for (route, status), number in sorted(requests.items()):
            lines.append(f"oip_requests_total{labels(route=route, status=str(status))} {number}")
        lines.append("# TYPE oip_infer_seconds histogram")
        for bound, total in zip([*map(str, self.BOUNDS), "+Inf"], running_sums(buckets)):
            lines.append(f"oip_infer_seconds_bucket{labels(le=bound)} {total}")
        return "\n".join([*lines, f"oip_infer_seconds_sum {seconds}", f"oip_infer_seconds_count {sum(buckets)}", ""])

    def info(self) -> str:
        service = self.service
        return labels(name=service.name, version=service.version, digest=service.digest, commit=service.commit)


def labels(**values: str) -> str:
    pairs = (f'{name}="{escape(value)}"' for name, value in values.items())
    return "{" + ",".join(pairs) + "}"


def escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def running_sums(numbers: list[int]) -> list[int]:
    return [sum(numbers[: place + 1]) for place in range(len(numbers))]


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
