"""Compare a vendored folder with what its ORIGIN.toml records."""

import shutil
import tempfile
from pathlib import Path

from vendored_source._origin import Origin, VendoredError, read_origin
from vendored_source._originals import apply_patch, sha256


def vendored_folders(external: Path) -> list[Path]:
    """Return the vendored folders, by name: all in a folder but its tests and hidden ones."""
    return sorted(
        path
        for path in external.iterdir()
        if path.is_dir() and path.name not in ("tests", "__pycache__") and path.name[0] != "."
    )


def check(folder: Path) -> list[str]:
    """Return a sentence for each thing that is wrong with a folder; it needs no network.

    A folder is right if it holds what ORIGIN.toml records and nothing else, and if each vendored
    file, without the patch, has the recorded SHA-256. What Python caches is not looked at.
    """
    try:
        origin = read_origin(folder)
    except VendoredError as error:
        return [str(error)]
    problems = _stray_and_missing(folder, origin)
    if all((folder / path).is_file() for path in origin.files):
        try:
            problems += _changed(folder, origin)
        except VendoredError as error:
            problems.append(str(error))
    return problems


def _stray_and_missing(folder: Path, origin: Origin) -> list[str]:
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts and (path.is_symlink() or not path.is_dir())
    }
    stray = [
        f"{folder / path} is not recorded; remove it, or list it in ORIGIN.toml."
        for path in sorted(found - origin.recorded)
    ]
    missing = []
    for path in sorted(origin.recorded - found):
        what = "the licence " if path == origin.license_file else ""
        mend = "fetch the folder again" if path in origin.files else "put it back"
        missing.append(f"{what}{folder / path} is missing; {mend}, or correct ORIGIN.toml.")
    return stray + missing


def _changed(folder: Path, origin: Origin) -> list[str]:
    without = "" if origin.patch is None else f", even without {origin.patch}"
    with tempfile.TemporaryDirectory() as temporary:
        originals = Path(temporary)
        for path in origin.files:
            copy = originals / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / path, copy)
        if origin.patch is not None and (folder / origin.patch).is_file():
            apply_patch(folder / origin.patch, originals, reverse=True)
        return [
            f"{folder / path} is not what {origin.sdist} holds{without}; "
            "fetch the folder again, or record the change in a patch."
            for path, recorded in sorted(origin.files.items())
            if sha256(originals / path) != recorded
        ]
