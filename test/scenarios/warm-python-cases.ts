/** One step with Python that is run both ways. */
export interface Case {
  name: string
  files: Record<string, string>
  /** Default: `python main.py`. */
  command?: string
  variables?: Record<string, string>
}

const script = (name: string, text: string, more: Partial<Case> = {}): Case => ({
  name,
  files: { 'main.py': text },
  ...more,
})

/** Loads what the others will find hidden, whatever the script looks at. */
const HEAVY = `
if False:
    import pandas, sklearn.ensemble, mlflow, matplotlib.pyplot
`

const PACKAGE = {
  'pack/__init__.py': 'print("package", __name__, __package__, __path__, __spec__.origin)\n',
  'pack/__main__.py':
    'import sys, __main__\nprint(sys.argv, __name__, __package__, __spec__.name, __file__, vars(__main__).keys())\n',
  'pack/other.py': 'print("other", __name__)\n',
}

/** Must be forked, and must not show it. */
export const CASES: Case[] = [
  script(
    'its modules, before and after it imports some',
    `import sys
print(list(sys.modules))
print([str(one).split(' at ')[0] for one in sys.meta_path + sys.path_hooks], len(sys.path_importer_cache) > 0)
before = set(sys.modules)
import json
print(sorted(set(sys.modules) - before))
before = set(sys.modules)
import numpy
print(sorted(set(sys.modules) - before))
before = set(sys.modules)
import pandas
print(sorted(set(sys.modules) - before))
before = set(sys.modules)
import sklearn.ensemble
print(sorted(set(sys.modules) - before))
before = set(sys.modules)
import mlflow
print(sorted(set(sys.modules) - before))
before = set(sys.modules)
import matplotlib.pyplot
print(sorted(set(sys.modules) - before))
${HEAVY}`,
  ),
  script(
    'its interpreter',
    `import sys, os, builtins
for name in sorted(dir(sys)):
    value = getattr(sys, name)
    if not callable(value) and name not in ("modules", "path_importer_cache", "stdlib_module_names", "stdin", "stdout", "stderr", "last_exc"):
        print(name, [str(one).split(" at 0x")[0] for one in value] if isinstance(value, list) else str(value).split(" at 0x")[0])
print(sys.getrecursionlimit(), sys.getswitchinterval(), sys.getdefaultencoding(), sys.gettrace(), sys.getprofile(), sys._getframe().f_back)
print(sorted(dir(builtins)), [str(v)[:40] for v in vars(sys.modules["__main__"]).items()])
for stream in (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__):
    print(stream, stream.fileno(), stream.errors, stream.line_buffering, stream.write_through, stream.isatty(), stream.buffer, stream.newlines, stream.seekable(), stream.readable(), stream.writable(), stream.name, stream.mode)
${HEAVY}`,
  ),
  script(
    'its process',
    `import os, sys, resource, signal, threading, gc
print({k: v for k, v in os.environ.items()})
print(os.getcwd(), os.umask(0o22), os.getuid(), os.geteuid(), os.getgid(), os.getgroups(), os.getpgid(0), os.getsid(0), os.nice(0), os.sched_getaffinity(0))
print([resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT")])
print(sorted(os.listdir("/proc/self/fd")), [os.readlink(f"/proc/self/fd/{n}").split(":")[0] for n in (0, 1, 2)])
print([(n, str(signal.getsignal(n)).split(" at ")[0]) for n in sorted(signal.valid_signals())], signal.pthread_sigmask(0, []))
print(threading.active_count(), threading.main_thread().name, threading.current_thread() is threading.main_thread(), len(os.listdir("/proc/self/task")), threading.get_native_id() == os.getpid(), threading.get_ident() == threading.main_thread().ident)
print(gc.isenabled(), gc.get_threshold(), gc.callbacks, gc.get_debug())
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
status["SigCgt"] = status["SigCgt"][-8:]  # of real-time signals the threads library uses one
print({name: status[name] for name in ("Name", "State", "NStgid", "Uid", "Groups", "SigBlk", "SigIgn", "SigCgt", "CapEff", "CapBnd", "NoNewPrivs", "Threads", "Umask") if name != "NStgid"})
print(os.readlink("/proc/self/exe"), open("/proc/self/comm").read(), open("/proc/self/oom_score_adj").read(), open("/proc/self/cgroup").read())
print({name: os.readlink(f"/proc/self/ns/{name}") == os.readlink(f"/proc/1/ns/{name}") for name in os.listdir("/proc/self/ns")})
os.system("env | grep -v ^_= | grep -v ^PPID; echo $_ | sed s:.*/::; python3 -c 'import os; print(os.getcwd())'")
${HEAVY}`,
  ),
  script(
    'its packages: nothing is bound before it is imported',
    `import sys
import importlib, xml, concurrent, email, os
for owner, name in ((importlib, "metadata"), (importlib, "resources"), (xml, "dom"), (concurrent, "futures"), (email, "message")):
    print(owner.__name__, name, hasattr(owner, name))
import sklearn
print(hasattr(sklearn, "tree"), sorted(name for name in vars(sklearn)))
import scipy
print(sorted(vars(scipy)))
import matplotlib
print(hasattr(matplotlib, "pyplot"), sorted(vars(matplotlib)))
import mlflow
print(sorted(vars(mlflow)), type(vars(mlflow).get("sklearn")))
import importlib.util
print(importlib.util.find_spec("sklearn.tree").origin, importlib.util.find_spec("pandas").origin)
import sklearn.tree
print(sklearn.tree.__spec__.origin, sklearn.tree.DecisionTreeClassifier().get_params())
if False:
    import mlflow.sklearn, sklearn.tree, scipy.stats, matplotlib.pyplot, pandas
`,
  ),
  script(
    'warnings and their filters',
    `import warnings, sys
print(warnings.filters)
def f(): warnings.warn("a warning", DeprecationWarning, stacklevel=2)
f()
warnings.warn("user")
import sklearn
print(warnings.filters)
import pandas, numpy, mlflow
print(warnings.filters)
warnings.simplefilter("error")
try:
    warnings.warn("x")
except UserWarning as error:
    print(repr(error))
print(numpy.float64(1) / numpy.float64(0) if False else "ok")
${HEAVY}`,
  ),
  script(
    'logging, set up before packages are imported',
    `import logging, logging.config
print(sorted(logging.root.manager.loggerDict), logging.root.handlers, logging.root.level)
logging.getLogger("mlflow").setLevel(logging.DEBUG)
logging.getLogger("matplotlib.font_manager").disabled = False
logging.config.dictConfig({"version": 1, "handlers": {"h": {"class": "logging.StreamHandler", "formatter": "f"}}, "formatters": {"f": {"format": "%(levelname)s %(name)s %(message)s"}}, "root": {"level": "INFO", "handlers": ["h"]}})
import mlflow, matplotlib, pandas
for name in sorted(logging.root.manager.loggerDict):
    one = logging.root.manager.loggerDict[name]
    if isinstance(one, logging.Logger):
        print(name, one.level, one.handlers and [type(h).__name__ for h in one.handlers], one.propagate, one.disabled, one.parent.name)
    else:
        print(name, "placeholder", sorted(child.name for child in one.loggerMap))
logging.getLogger("mlflow").warning("from mlflow")
logging.info("done %s", logging.getLogger().getEffectiveLevel())
logging.info("a stack", stack_info=True)
${HEAVY}`,
  ),
  script(
    'an exception that nobody catches',
    `import pandas
def inner(): raise ValueError("bad\\nvalue")
def outer():
    try:
        inner()
    except ValueError as error:
        raise RuntimeError("worse") from error
print("before")
outer()
`,
    { files: undefined as never },
  ),
  script('a missing module', 'import numpy\nimport numpy.no_such_thing\n'),
  script('a missing name', 'from sklearn.ensemble import NoSuchThing\n'),
  script('a syntax error', 'import numpy\nprint("x"\n'),
  script(
    'an exception group of frames inside of a package',
    'import pandas\npandas.DataFrame({"a": [1]})["b"]\n',
  ),
  script('sys.exit with a number', 'import sys, numpy\nsys.exit(7)\n'),
  script('sys.exit with a message', 'import sys, numpy\nsys.exit("so it ends")\n'),
  script(
    'sys.exit with nothing, after exit handlers',
    `import atexit, sys, numpy, logging
atexit.register(print, "first registered")
atexit.register(lambda: print("last registered"))
import mlflow
class Loud:
    def __del__(self): print("deleted")
kept = Loud()
sys.exit()
`,
  ),
  script('an exit handler that fails', 'import atexit, numpy\natexit.register(divmod, 1, 0)\n'),
  script('os._exit', 'import os, numpy\nprint("x", end="")\nos._exit(9)\n'),
  script(
    'an abort',
    'import os, numpy, resource\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))\nprint("x", flush=True)\nos.abort()\n',
  ),
  script('a signal to itself', 'import os, numpy\nprint("x", flush=True)\nos.kill(os.getpid(), 9)\n'),
  script('SIGTERM to itself', 'import os, numpy\nprint("x", flush=True)\nos.kill(os.getpid(), 15)\n'),
  script(
    'an interrupt',
    'import signal, numpy, os\nos.kill(os.getpid(), signal.SIGINT)\nimport time; time.sleep(1)\n',
  ),
  script(
    'a signal that the shell sends and the script handles',
    `import signal, sys, time, numpy
signal.signal(signal.SIGUSR1, lambda number, frame: (print("got", number), sys.exit(5)))
print("up")
open("up", "w").close()
while True: time.sleep(0.01)
`,
    {
      command:
        'python main.py & until [ -e up ]; do sleep 0.02; done; kill -USR1 $!; wait $!; echo "ended with $?"',
    },
  ),
  script(
    'a signal that the shell sends and nobody handles',
    `import time, numpy
open("up", "w").close()
time.sleep(1000)
`,
    {
      command:
        'python main.py & until [ -e up ]; do sleep 0.02; done; kill $!; wait $! 2>/dev/null; echo "ended with $?"',
    },
  ),
  script('a timeout of the shell', 'import time\nprint("up")\ntime.sleep(1000)\n', {
    command: 'timeout 3 python main.py; echo "ended with $?"',
  }),
  script(
    'signals that are ignored in the background',
    'import signal\nprint(signal.getsignal(2), signal.getsignal(3), signal.getsignal(13))\n',
    {
      command: 'trap "" HUP; python main.py & wait $!; python -c "import signal; print(signal.getsignal(1))"',
    },
  ),
  script(
    'a standard input that is at its end',
    'import sys, numpy\nprint(repr(sys.stdin.read()))\ntry:\n    input("? ")\nexcept EOFError as error:\n    print(repr(error))\n',
  ),
  script(
    'pipes and redirections',
    `import sys, numpy
print(sys.stdin.read().upper(), sys.stdout.seekable(), sys.stdin.seekable())
print("to stderr", file=sys.stderr)
`,
    {
      command:
        'printf "a\\r\\nb" | python main.py | tr A x; echo "file" > in; python main.py < in > outputs/out 2> outputs/err; python main.py < in >> outputs/out 2>&1; cat outputs/*',
    },
  ),
  script('a reader that goes away', 'import numpy\nfor n in range(100000): print(n)\n', {
    command: 'python main.py 2>outputs/err | head -1; echo "${PIPESTATUS[@]}"',
  }),
  script(
    'much output, with and without a flush',
    'import sys, os, numpy\nfor n in range(20000): print("line", n)\nsys.stdout.write("no newline")\nos.write(1, b"raw")\nsys.stderr.write("err")\nsys.stdout.buffer.write(b"\\xff\\x00\\r\\n")\n',
  ),
  script(
    'buffered output',
    'import sys, os, numpy\nprint("buffered")\nos.write(1, b"first\\n")\nprint(sys.stdout.write_through, sys.flags.unbuffered, sys.stderr.line_buffering)\n',
    { variables: { PYTHONUNBUFFERED: '' } },
  ),
  script('-c', '', {
    command: `python -c 'import sys, numpy; print(sys.argv, sys.path[:1], __name__, sorted(globals())); raise ValueError(1)' a "b c" ''`,
  }),
  script('-c with several lines and -u', '', {
    command: `python3 -u -c '\nimport sys, numpy\nprint(sys.argv)\nprint(sys._getframe().f_code.co_filename)\n'`,
  }),
  {
    name: '-m with a package',
    files: PACKAGE,
    command:
      'python -m pack a b; python -m pack.other; python -m pack.none; python -m json.tool --help | head -3',
  },
  {
    name: 'a module beside the script, from another folder',
    files: {
      'src/main.py': 'import helper, sys\nprint(helper.__file__, __file__, sys.path[0], helper.f())\n',
      'src/helper.py': 'import pandas\ndef f(): return pandas.Series([1, 2]).sum()\n',
    },
    command: 'python src/main.py; cd src; python ./main.py; python ../src/main.py; ls',
  },
  {
    name: 'a PYTHONPATH of its own',
    files: {
      'main.py': 'import sys, more\nimport numpy\nprint(sys.path, more.__file__)\n',
      'lib/more.py': '',
    },
    variables: { PYTHONPATH: 'lib:none:/tmp' },
  },
  script('a link to a script', 'import sys, numpy\nprint(sys.path[0], __file__, sys.argv)\n', {
    command: 'mkdir d; ln -s ../main.py d/link.py; python d/link.py x',
  }),
  script(
    'a module that a folder found later puts in front',
    `import sys, os
os.mkdir("late")
open("late/yaml.py", "w").write("mine = True")
sys.path.insert(0, "late")
import yaml
print(yaml.__file__, yaml.mine)
import pandas
print(pandas.__name__)
${HEAVY}`,
  ),
  script(
    'modules that are removed, reloaded and blocked',
    `import sys, importlib
import json
first = json
del sys.modules["json"]
import json
print(first is json, importlib.reload(json) is json)
sys.modules["seaborn"] = None
try:
    import seaborn
except ImportError as error:
    print(error)
import pandas
print(importlib.import_module("pandas") is pandas, __import__("pandas.core.frame") is pandas)
from pandas import core, DataFrame
print(core.frame.DataFrame is DataFrame, pandas.__spec__.origin, pandas.__loader__ is pandas.__spec__.loader)
${HEAVY}`,
  ),
  script(
    'subprocesses',
    `import subprocess, sys, os, numpy
print(subprocess.run([sys.executable, "-c", "import sys; print(sys.executable, sys.argv, sys.path)"], capture_output=True, text=True).stdout)
print(subprocess.run(["python", "-c", "import sys; print(sys.executable, 'numpy' in sys.modules)"], capture_output=True, text=True).stdout)
print(subprocess.run("exit 3", shell=True).returncode, os.system("exit 4"))
`,
  ),
  script(
    'worker processes',
    `import multiprocessing, os, sys, numpy
def double(value): return value * 2, "numpy" in sys.modules
if __name__ == "__main__":
    print(multiprocessing.current_process().name, multiprocessing.parent_process(), multiprocessing.get_start_method())
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, pool.map(double, range(4)))
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    with ProcessPoolExecutor(2) as pool: print(list(pool.map(double, range(3))))
    with ThreadPoolExecutor(2) as pool: print(list(pool.map(double, range(3))))
    from joblib import Parallel, delayed
    print(Parallel(n_jobs=2)(delayed(double)(n) for n in range(3)))
${HEAVY}`,
  ),
  script(
    'threads',
    `import threading, time, numpy
results = []
def work(n): time.sleep(0.5 + 0.1 * n); results.append((n, threading.current_thread().name))
threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for one in threads: one.start()
print(threading.active_count(), threading.enumerate())
late = threading.Thread(target=lambda: (time.sleep(1), print("after main")))
late.start()
`.replace('threading.enumerate()', 'len(threading.enumerate())'),
  ),
  script(
    'metadata and resources',
    `import importlib.metadata, importlib.resources, pkgutil
print(importlib.metadata.version("pandas"), len(list(importlib.metadata.distributions())) > 20)
import sklearn
print(importlib.resources.files("sklearn"), len([m.name for m in pkgutil.iter_modules(sklearn.__path__)]))
${HEAVY}`,
  ),
  script(
    'pickles',
    `import pickle, sys
from sklearn.ensemble import RandomForestClassifier
from sklearn.datasets import make_classification
x, y = make_classification(200, 5, random_state=0)
model = RandomForestClassifier(5, random_state=0).fit(x, y)
text = pickle.dumps(model)
open("outputs/model.pkl", "wb").write(text)
print(pickle.loads(text).predict(x[:5]), len(text))
`,
    {
      command: `python main.py; python -c 'import pickle, sys; print("sklearn" in sys.modules); m = pickle.load(open("outputs/model.pkl", "rb")); print(m.get_params(), sorted(n for n in sys.modules if n.startswith("sklearn")))'`,
    },
  ),
  script(
    'seeded numbers',
    `import random, numpy, sklearn.utils
random.seed(1); numpy.random.seed(1)
print(random.random(), numpy.random.rand(3), numpy.random.default_rng(1).random(), sklearn.utils.check_random_state(3).rand(), numpy.random.get_state()[0])
`,
  ),
  script(
    'tables and models',
    `import pandas as pd, numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.metrics import roc_auc_score
rng = np.random.default_rng(0)
frame = pd.DataFrame(rng.normal(size=(500, 4)), columns=list("abcd"))
frame["y"] = (frame.a + frame.b > 0).astype(int)
train, test = train_test_split(frame, random_state=0)
model = LogisticRegression().fit(train[list("abcd")], train.y)
print(frame.describe(), roc_auc_score(test.y, model.predict_proba(test[list("abcd")])[:, 1]), (np.ones((300, 300)) @ np.ones((300, 300))).sum())
frame.to_csv("outputs/frame.csv"); frame.to_parquet("outputs/frame.parquet")
pd.read_parquet("outputs/frame.parquet").info()
`,
  ),
  script(
    'a plot',
    `import matplotlib
print(matplotlib.rcParams["backend"], matplotlib.get_backend(), matplotlib.matplotlib_fname(), matplotlib.get_cachedir())
import matplotlib.pyplot as plt
plt.plot([1, 2, 3]); plt.savefig("outputs/plot.png", metadata={"Software": None})
print(plt.get_backend(), matplotlib.is_interactive())
`,
  ),
  script(
    'tracking',
    `import mlflow, os
mlflow.set_tracking_uri("sqlite:///outputs/x.db") if False else None
print(os.environ.get("MLFLOW_RUN_ID"), mlflow.get_tracking_uri(), mlflow.active_run())
from sklearn.linear_model import LinearRegression
import mlflow.sklearn
print(mlflow.sklearn.__name__, mlflow.__version__)
`,
    { variables: { MLFLOW_TRACKING_URI: 'http://127.0.0.1:1' } },
  ),
  script(
    'sorted listings',
    'import os, pathlib, glob, numpy\nfor n in "cab": open("outputs/" + n, "w").close()\nprint(os.listdir("outputs"), os.listdir.__name__, list(pathlib.Path("outputs").iterdir()), glob.glob("outputs/*"), os.listdir is os.listdir)\nos.listdir("none")\n',
  ),
  script(
    'the umask, limits of files and a deeper folder of the shell',
    'import os, numpy\nopen("outputs/x", "w").close()\nprint(oct(os.stat("outputs/x").st_mode), os.getcwd())\n',
    {
      command:
        'umask 077; python main.py; mkdir d; cd d; mkdir outputs; python ../main.py; rm -r outputs; cd ..; rmdir d',
    },
  ),
  script('several at once', 'import sys, pandas\nprint(pandas.Series(range(int(sys.argv[1]))).sum())\n', {
    command: 'for n in 1 2 3 4 5 6; do python main.py $n > outputs/$n & done; wait; cat outputs/*',
  }),
  script(
    'variables that are added, changed and taken away',
    'import os, numpy\nprint({k: v for k, v in os.environ.items() if k[:1] in "XAH"}, os.environb[b"XBYTES"], list(os.environ)[:3])\nos.system("echo $X1 $XNEW; env | grep -c .")\nos.environ["XNEW"] = "1"; del os.environ["X1"]\nos.system("echo [$X1] $XNEW")\n',
    { command: "X1=2 XBYTES=$'\\xff' python main.py", variables: { X0: 'ä' } },
  ),
  script(
    'finalizers',
    `import tempfile, weakref, numpy, os
folder = tempfile.TemporaryDirectory()
open("outputs/where", "w").write("x")
class A: pass
a = A()
weakref.finalize(a, print, "finalized")
print(os.path.isdir(folder.name), len(os.path.basename(folder.name)))
`,
  ),
  script(
    'the search for its caller',
    `import inspect, traceback, sys, numpy
from collections import namedtuple
print(len(inspect.stack()), namedtuple("N", "a").__module__)
traceback.print_stack()
sys.excepthook = lambda kind, value, trace: print("hook", kind, value, trace.tb_next)
print(inspect.getsource(inspect.currentframe()))
1 / 0
`,
  ),
]
CASES.find(one => one.files === undefined)!.files = {
  'main.py':
    'def inner(): raise ValueError("bad\\nvalue")\ndef outer():\n    import pandas\n    try:\n        inner()\n    except ValueError as error:\n        raise RuntimeError("worse") from error\nprint("before")\nouter()\n',
}

/** Must not be forked: it couldn't be promised that nothing is different. */
export const COLD: Case[] = [
  script('other options', 'import pandas, sys\nprint(sys.flags)\n', {
    command: 'python -B main.py; python -W error -c "print(1)"; python -X dev -c "print(2)"; python -V',
  }),
  script('a script on standard input', 'import sys\nprint(sys.argv, sys.flags)\n', {
    command: 'python < main.py; python - a < main.py; cat main.py | python',
  }),
  script('a module that stands for a preloaded one', 'import pandas, yaml\nprint(pandas.mine)\n', {
    command:
      'echo "mine = 1" > pandas.py; echo > yaml.py; python main.py; python -c "import pandas; print(pandas.mine)"',
  }),
  script(
    'a variable that matters to native code',
    'import os, numpy\nprint(os.environ["OMP_NUM_THREADS"])\n',
    {
      command:
        'OMP_NUM_THREADS=1 python main.py; PYTHONHASHSEED=0 python main.py 2>&1 | tail -1; LC_ALL=C python -c "import sys; print(sys.flags)"',
    },
  ),
  script('a variable that a module reads on import', 'import matplotlib\nprint(matplotlib.get_backend())\n', {
    command: 'MPLBACKEND=svg python main.py',
  }),
  script('open files', 'import os, pandas\nos.write(3, b"three")\n', {
    command: 'exec 3>outputs/three; python main.py; exec 3>&-; cat outputs/three',
  }),
  script('closed streams', 'import sys, pandas\nprint(sys.stdout, file=sys.stderr)\n', {
    command: 'python main.py >&-',
  }),
  script(
    'limits of the shell',
    'import resource, pandas\nprint(resource.getrlimit(resource.RLIMIT_NOFILE))\n',
    { command: 'ulimit -n 500; python main.py; nice -n 3 python -c "import os; print(os.nice(0))"' },
  ),
  script('a missing script', '', {
    command: 'python none.py; python .; mkdir d; echo "print(__file__)" > d/__main__.py; python d',
  }),
]
