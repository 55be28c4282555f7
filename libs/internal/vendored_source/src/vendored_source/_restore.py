"""Write the files of a vendored folder anew."""

import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from vendored_source._origin import Origin, VendoredError, read_origin
from vendored_source._originals import apply_patch, sha256


def restore(folder: Path, sdist: Path) -> list[str]:
    """Make the vendored files of a folder those of its sdist with the patch applied.

    Returns the paths that were written; files that are right already are not touched. Nothing is
    written unless everything fits, and each file is replaced in one step.

    Raises VendoredError if something does not fit what ORIGIN.toml records.
    """
    origin = read_origin(folder)
    if sha256(sdist) != origin.sha256:
        raise VendoredError(f"{sdist.name} does not have the SHA-256 that {folder} records.")
    # Beside the folder, not in the system's temporary one: a rename stays in its file system.
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder.parent) as temporary:
        wanted = Path(temporary, "files")
        wanted.mkdir()
        _unpack(folder, origin, sdist, Path(temporary, "sdist"), wanted)
        if origin.patch is not None:
            if not (folder / origin.patch).is_file():
                raise VendoredError(f"{folder / origin.patch} is missing; put it back.")
            apply_patch(folder / origin.patch, wanted)
        written = [path for path in sorted(origin.files) if _differ(folder / path, wanted / path)]
        for path in written:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(wanted / path, folder / path)
    return written


def _unpack(folder: Path, origin: Origin, sdist: Path, unpacked: Path, wanted: Path) -> None:
    """Copy the recorded files of an sdist, and see that they are the recorded ones."""
    try:
        with tarfile.open(sdist, "r:gz") as archive:
            archive.extractall(unpacked, filter="data")
        (root,) = unpacked.iterdir()
    except (OSError, tarfile.TarError, ValueError) as error:
        raise VendoredError(f"{sdist.name} is no .tar.gz of one folder: {error}.") from error
    for path, recorded in sorted(origin.files.items()):
        original = root / path
        if not original.is_file():
            raise VendoredError(f"{sdist.name} has no {path}; correct [files] of {folder}.")
        if (actual := sha256(original)) != recorded:
            raise VendoredError(
                f"{path} of {sdist.name} has the SHA-256 {actual}; correct [files] of {folder}."
            )
        (wanted / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original, wanted / path)


def _differ(present: Path, wanted: Path) -> bool:
    return not present.is_file() or sha256(present) != sha256(wanted)
