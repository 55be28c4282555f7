"""What the Python of an environment does first. It is put into each environment as a module of its
own (CPython 3.8 and newer), called by a `.pth` file.

A process that was started through a link, such as `.venv`, keeps to the environment that the link led
to at that time: whatever would be imported by way of the link is imported by way of the real path.
And it holds the environment's lock for as long as it runs, so that it is not pruned.
"""

import os
import sys

_held: "int | None" = None
_linked: "str | None" = None


def settle(module: str) -> None:
    """Called with the path of this module, once or, by the way of `site`, twice."""
    global _held, _linked
    site = os.path.dirname(os.path.realpath(module))
    prefix = os.path.dirname(os.path.dirname(os.path.dirname(site)))
    if _linked is None:
        _linked = sys.prefix
    if _linked != prefix:
        for name in ("prefix", "exec_prefix", "executable"):
            setattr(sys, name, _real(getattr(sys, name), _linked, prefix))
        for path in sys.path:
            if _real(path, _linked, prefix) != path:
                sys.path_importer_cache.pop(path, None)
        sys.path[:] = [_real(path, _linked, prefix) for path in sys.path]
    if sys.path.count(site) > 1:
        sys.path[:] = dict.fromkeys(sys.path)
    if _held is None:
        _held = _hold(prefix + ".lock")
        if os.path.isdir(os.path.join(prefix, "generated")):
            finder = Generated(os.path.join(prefix, "generated"))
            sys.meta_path.append(finder)  # type: ignore[arg-type]


class Generated:
    """Finds what is generated into a package whose other modules are live."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        package = name.split(".")[:-1]
        if not package:
            return None  # the folder is on the path
        from importlib.machinery import PathFinder

        return PathFinder.find_spec(name, [os.path.join(self._folder, *package)])


def _real(path: str, linked: str, prefix: str) -> str:
    if path == linked or path.startswith(linked + os.sep):
        return prefix + path[len(linked) :]
    return path


def _hold(path: str) -> int:
    try:
        import fcntl

        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        os.utime(handle)
        return handle
    except (ImportError, OSError):
        return -1  # an environment that was copied away has no lock
