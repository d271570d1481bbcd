"""Start of a fork server: the last thing that an interpreter does before it runs its script.

Here the server preloads modules and forks. A forked child returns from this module, and the interpreter itself runs
the script then, as it runs any other: with no frame of ours below it, and with its own way to end.
"""
import sys


def _boot():
    here = __file__.rpartition("/")[0]
    sys.path.remove(here)
    del sys.modules["sitecustomize"]
    import sitecustomize

    fresh = dict(sys.modules)
    sys.path.insert(0, here)
    from _millwright_warm.recorder import Recorder

    recorder = Recorder()
    with recorder:
        from _millwright_warm import server

    sys.path.remove(here)
    recorder.mark()
    server.run(fresh, recorder)


_boot()
del _boot
