import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Set to `0` in a step's `environment_variables` to see folders in the file system's own order. */
export const SORTED_LISTING = 'MILLWRIGHT_SORTED_LISTING'

/**
 * Blob mounts list folders by name and scripts came to depend on it (`os.listdir(data)[0]`); local file systems list
 * in any order. Writes a Python start-up module that sorts, and returns the folder to put on PYTHONPATH. A
 * `sitecustomize` that the interpreter would have loaded otherwise is still loaded.
 */
export function writeSortedListing(directory: string): string {
  const folder = join(directory, 'python')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'sitecustomize.py'), SITECUSTOMIZE)
  return folder
}

const SITECUSTOMIZE = `"""Lists folders by name, as the mounts of the remote service do."""
import os
import sys


def _install():
    listdir, scandir = os.listdir, os.scandir

    class SortedScan:
        def __init__(self, entries):
            with entries:
                self._entries = iter(sorted(entries, key=lambda entry: entry.name))

        def __iter__(self):
            return self

        def __next__(self):
            return next(self._entries)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.close()

        def close(self):
            self._entries = iter(())

    class Replacement:
        # Like a built-in and unlike a function it doesn't bind: pathlib keeps it in a class before Python 3.11.
        def __init__(self, original, order):
            self._original, self._order = original, order
            self.__name__ = self.__qualname__ = original.__name__
            self.__doc__ = original.__doc__
            if original in os.supports_fd:
                os.supports_fd.add(self)

        def __call__(self, *arguments, **named):
            return self._order(self._original(*arguments, **named))

    os.listdir, os.scandir = Replacement(listdir, sorted), Replacement(scandir, SortedScan)


def _load_shadowed():
    from importlib.machinery import PathFinder

    here = os.path.dirname(os.path.abspath(__file__))
    path = [entry for entry in sys.path if os.path.abspath(entry) != here]
    spec = PathFinder.find_spec("sitecustomize", path)
    if spec and spec.loader:
        from importlib.util import module_from_spec

        spec.loader.exec_module(module_from_spec(spec))


if os.environ.get("MILLWRIGHT_SORTED_LISTING") != "0":
    _install()
_load_shadowed()
`
