"""Packs what was installed as wheels again, and makes PEXes of them. Runs in a sandbox, with nothing but
the standard library (CPython 3.8 and newer); `installer.py` tells what stands where.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import sys
import sysconfig
import tempfile
from typing import Dict, Iterator, Sequence, Tuple

from lockstep.envs.installer import (
    HOME,
    SLICE,
    VENV,
    InstallError,
    install,
    normalised,
    pins,
    run_uv,
    sandbox,
)

_BASE = f"{HOME}/base/pex-base"
_WHEELS = f"{HOME}/wheels"


class DamagedError(InstallError):
    """An unpacked wheel is not what its RECORD says."""


def wheels_of(text: str) -> Dict[str, Tuple[str, str]]:
    """The wheels of a slice, those that are not in the shared folder installed and packed first.

    Args:
        text: the slice.

    Returns:
        File name -> path and SHA-256. Pins whose marker excludes this interpreter have none.
    """
    keys = {name_and_text: _key(name_and_text[1]) for name_and_text in pins(text)}
    entries = {key: _load(key) for key in keys.values()}
    missing = [pin for pin, key in keys.items() if entries[key] is None]
    if missing:
        _pack({name: keys[name, text] for name, text in missing}, missing)
        entries.update({keys[pin]: _load(keys[pin]) for pin in missing})
    found: Dict[str, Tuple[str, str]] = {}
    for (name, _), key in keys.items():
        entry = entries[key]
        if entry is None:
            raise InstallError(f"the wheel of {name} vanished from {_WHEELS} while it was read")
        found.update(entry)
    return found


def _key(entry: str) -> str:
    """What a ready wheel depends on: the pin with its hashes, and the interpreter."""
    target = f"{sys.version_info[:3]} {sysconfig.get_config_var('SOABI')} {sys.platform}"
    return hashlib.sha256(f"{target}\n{entry}".encode()).hexdigest()


def _load(key: str) -> Dict[str, Tuple[str, str]] | None:
    """A ready entry, if it is there and undamaged; a damaged one is removed."""
    folder = os.path.join(_WHEELS, key)
    try:
        with open(os.path.join(folder, "entry.json")) as file:
            digests: Dict[str, str] = json.load(file)
        if all(_sha256(os.path.join(folder, name)) == digest for name, digest in digests.items()):
            return {name: (os.path.join(folder, name), d) for name, d in digests.items()}
    except (OSError, ValueError):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    return None


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _pack(keys: Dict[str, str], missing: Sequence[Tuple[str, str]]) -> None:
    """Install pins and put the wheel of each into the shared folder.

    Where uv's cache is damaged, it is cleaned of these projects, and they are fetched anew.
    """
    damaged = _pack_once(keys, missing)
    if damaged:
        run_uv(sandbox(), "cache", "clean", *damaged)
        shutil.rmtree(VENV)
        for error in _pack_once(keys, missing).values():
            raise error  # the wheel itself is at odds with its RECORD


def _pack_once(keys: Dict[str, str], missing: Sequence[Tuple[str, str]]) -> Dict[str, DamagedError]:
    """Why projects could not be packed, by name."""
    from concurrent.futures import ThreadPoolExecutor

    requirements = f"{HOME}/missing.txt"
    with open(requirements, "w") as file:
        file.writelines(entry for _, entry in missing)
    install(requirements, "--link-mode", "symlink")
    unpacked = dict(_unpacked_wheels())
    damaged = {}
    with ThreadPoolExecutor() as pool:
        jobs = {name: pool.submit(_store, key, unpacked.get(name)) for name, key in keys.items()}
        for name, job in jobs.items():
            try:
                job.result()
            except DamagedError as error:
                damaged[name] = error
    return damaged


def _unpacked_wheels() -> Iterator[Tuple[str, str]]:
    """Normalised names, and the folder in uv's cache that holds the wheel as it was unpacked.

    Installed as symlinks, a wheel's metadata leads there. What stands there is the wheel itself,
    so no installed scripts and folders have to be turned back into one.
    """
    # Not by sysconfig, which knows of no virtual environments in Debian's Python.
    for metadata in glob.glob(f"{VENV}/lib*/python*/site-packages/*.dist-info/METADATA"):
        info = os.path.dirname(os.path.realpath(metadata))
        yield normalised(os.path.basename(info).split("-")[0]), os.path.dirname(info)


def _store(key: str, unpacked: str | None) -> None:
    """Put a wheel, or the fact that there is none, into the shared folder in one step."""
    aside = tempfile.mkdtemp(prefix=".aside-", dir=_WHEELS)
    try:
        digests = {}
        if unpacked is not None:
            name = pack_wheel(unpacked, aside)
            digests[name] = _sha256(os.path.join(aside, name))
        with open(os.path.join(aside, "entry.json"), "w") as file:
            json.dump(digests, file)
        os.chmod(aside, 0o755)
        os.rename(aside, os.path.join(_WHEELS, key))
    except DamagedError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        if not os.path.exists(os.path.join(_WHEELS, key)):  # else another sandbox was first
            raise


def pack_wheel(unpacked: str, folder: str) -> str:
    """Pack an unpacked wheel (PEP 427), checking each file against RECORD.

    Args:
        unpacked: the folder with the wheel's content.
        folder: where to write the wheel.

    Returns:
        The wheel's file name.

    Raises:
        DamagedError: a file is missing or is not what RECORD says.
    """
    import base64
    import csv
    import zipfile

    info = next(name for name in os.listdir(unpacked) if name.endswith(".dist-info"))
    with open(os.path.join(unpacked, info, "RECORD"), newline="", encoding="utf-8") as file:
        record = {row[0]: row[1] for row in csv.reader(file) if row}
    name = _wheel_name(os.path.join(unpacked, info, "WHEEL"), info)
    with zipfile.ZipFile(os.path.join(folder, name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for path in sorted(record):
            full = os.path.join(unpacked, path)
            try:
                with open(full, "rb") as binary:
                    content = binary.read()
            except OSError as error:
                raise DamagedError(f"{name}: {path} cannot be read ({error.strerror})")
            algorithm, _, expected = record[path].partition("=")
            if expected:
                digest = hashlib.new(algorithm, content).digest()
                if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != expected:
                    raise DamagedError(f"{name}: {path} is not what RECORD says")
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o755 if os.access(full, os.X_OK) else 0o644) << 16
            # Little is won by compressing more, and everybody waits for it.
            wheel.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=1)
    return name


def _wheel_name(wheel_file: str, info: str) -> str:
    """The file name of a wheel (PEP 425, PEP 427) from its own metadata."""
    with open(wheel_file, encoding="utf-8") as file:
        fields = [line.strip().partition(": ") for line in file]
    tags = [value.split("-") for field, _, value in fields if field == "Tag"]
    build = [value for field, _, value in fields if field == "Build"]
    compressed = (".".join(dict.fromkeys(column)) for column in zip(*tags))
    return "-".join([info[: -len(".dist-info")], *build, *compressed]) + ".whl"


# -- PEX ------------------------------------------------------------------------------------------


def make_pex(output: str) -> None:
    """Make a packed PEX of the slice from PEX's own empty one.

    PEX itself would need longer to start than all of this takes. What differs between its empty
    PEX and one with wheels is PEX-INFO and the hash that names it in the two main files.

    Args:
        output: the folder to make.

    Raises:
        InstallError: the slice cannot be installed, or the empty PEX is not as it used to be.
    """
    import zipfile

    with open(SLICE) as file:
        wheels = wheels_of(file.read())
    with zipfile.ZipFile(_BASE) as base:
        files = {name: base.read(name) for name in base.namelist()}
    info = json.loads(files.pop("PEX-INFO"))
    before = info.pop("pex_hash").encode()
    info["deps_are_wheel_files"] = True
    info["distributions"] = {name: wheels[name][1] for name in sorted(wheels)}
    info["requirements"] = sorted("==".join(name.split("-")[:2]) for name in wheels)
    after = hashlib.sha1(json.dumps(info, sort_keys=True).encode()).hexdigest()
    info["pex_hash"] = after
    for main_file in ("__main__.py", "__pex__/__init__.py"):
        if files[main_file].count(before) != 1:
            raise InstallError(f"{main_file} of PEX does not hold its hash once, as it used to")
        files[main_file] = files[main_file].replace(before, after.encode())
    files["PEX-INFO"] = json.dumps(info, sort_keys=True).encode()
    for name, content in files.items():
        path = os.path.join(output, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as binary:
            binary.write(content)
    os.chmod(f"{output}/__main__.py", 0o755)
    os.makedirs(f"{output}/.deps", exist_ok=True)
    for name, (path, _) in wheels.items():
        _link(path, f"{output}/.deps/{name}")


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)
