"""A host with nothing but an interpreter and a shell: no network, no compiler, nothing to write to.

Its root filesystem is made from the CPython 3.11 of this machine and the libraries that it loads, and it
is entered by namespaces (`unshare`, `chroot`), so no more than a Linux that allows them is needed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

PYTHON = "usr/local/bin/python3.11"
_LEFT_OUT = ("test", "idlelib", "tkinter", "ensurepip", "lib2to3", "site-packages", "__pycache__")
_MANYLINUX = ("libgcc_s.so.1", "libstdc++.so.6", "librt.so.1", "libpthread.so.0", "libdl.so.2")
"""What wheels may count on beside the libraries of the interpreter (PEP 600)."""

_CLIENT = """
import json, os, signal, socket, subprocess, sys, time

command, health, seconds = json.loads(sys.argv[1]), json.loads(sys.argv[2]), float(sys.argv[3])
told = {}
for place in ("/", "/srv", "/opt", "/usr/local/lib"):
    try:
        open(os.path.join(place, "written"), "w").close()
        told[place] = "written to"
    except OSError:
        pass
told["interfaces"] = [name for _, name in socket.if_nameindex()]
told["compilers"] = [c for c in ("cc", "gcc", "clang") if os.path.exists(f"/usr/bin/{c}")]
told["user"] = os.getuid()
process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
deadline = time.monotonic() + seconds
while True:
    asked = subprocess.run(health, stderr=subprocess.PIPE, text=True)
    if asked.returncode == 0 or process.poll() is not None or time.monotonic() > deadline:
        break
    time.sleep(0.3)
told["healthy"] = asked.returncode == 0
told["last"] = asked.stderr
if process.poll() is None:
    process.send_signal(signal.SIGTERM)
told["exit code"] = process.wait(timeout=60)
print(json.dumps(told))
"""

_ENTER = """
set -eu
mount --bind "$1" "$1"
mount -t tmpfs none "$1/tmp"
chmod 1777 "$1/tmp"
mount -t proc none "$1/proc"
mount --rbind /dev "$1/dev"
mount -o remount,ro,bind "$1"
ip link set lo up
root=$1 user=$2
shift 2
if [ "$user" = yes ]; then
    exec chroot --userspec=65534:65534 "$root" "$@"
fi
exec chroot "$root" "$@"
"""


def write_root_filesystem(archive: Path) -> None:
    """Write a root filesystem as a tar archive, the same bytes whenever it is made here."""
    with tarfile.open(archive, "w") as tar:
        for folder in ("dev", "opt", "proc", "srv", "tmp"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for path, source in sorted(_files().items()):
            entry = tar.gettarinfo(os.path.realpath(source), path)
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
            entry.type = tarfile.REGTYPE  # several names of one file are files of their own
            entry.size = os.path.getsize(source)
            with open(source, "rb") as file:
                tar.addfile(entry, file)


def _files() -> Mapping[str, str]:
    """The source of each file by its path in the root filesystem."""
    facts = subprocess.run(
        ["python3.11", "-c", "import sys, sysconfig; print(sys.executable, sys.base_prefix)"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    executable, prefix = facts.stdout.split()
    executable = os.path.realpath(executable)
    found = {PYTHON: executable}
    library = Path(prefix, "lib/python3.11")
    for parent, folders, names in os.walk(library):
        folders[:] = [f for f in folders if f not in _LEFT_OUT and not f.startswith("config-")]
        for name in names:
            path = Path(parent, name)
            found[f"usr/local/lib/python3.11/{path.relative_to(library)}"] = str(path)
    shell = os.path.realpath("/bin/sh")
    found["bin/sh"] = shell
    found["usr/bin/env"] = "/usr/bin/env"
    binaries = [executable, shell, "/usr/bin/env"]
    binaries += [path for path in found.values() if path.endswith(".so")]
    listed = subprocess.run(["ldd", *binaries], stdout=subprocess.PIPE, text=True).stdout
    libraries = set(re.findall(r"(/\S+) \(0x", listed))
    for name in _MANYLINUX:
        libraries.update(map(str, Path("/lib").glob(f"*-linux-gnu/{name}")))
    found.update({path.lstrip("/"): path for path in libraries})
    return found


@dataclass(frozen=True)
class BareHost:
    """A host.

    Attributes:
        root: its root filesystem, a folder.
    """

    root: Path

    @classmethod
    def of(cls, archive: Path, folder: Path) -> BareHost:
        """Unpack a root filesystem."""
        with tarfile.open(archive) as tar:
            tar.extractall(folder)
        return cls(folder)

    def start(
        self,
        command: Sequence[str],
        health: Sequence[str],
        environment: Mapping[str, str],
        seconds: int = 120,
    ) -> Mapping[str, object]:
        """Start a service on the host, ask whether it is healthy, and stop it.

        Args:
            command: what to start.
            health: what asks for its health, with exit code 0 where it is healthy.
            environment: all variables there are.
            seconds: how long it may take.

        Returns:
            What was seen; see the program above.
        """
        for folder in ("dev", "opt", "proc", "srv", "tmp"):
            (self.root / folder).mkdir(exist_ok=True)
        client = self.root / "srv/client.py"
        client.write_text(_CLIENT)
        done = subprocess.run(
            [
                *namespaces(),
                *("sh", "-c", _ENTER, "enter", str(self.root), "yes" if os.getuid() == 0 else "no"),
                *(f"/{PYTHON}", "/srv/client.py", json.dumps(command), json.dumps(health)),
                str(seconds),
            ],
            env={
                "PATH": "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        told: Mapping[str, object] = json.loads(done.stdout.splitlines()[-1])
        assert told["healthy"] is True, (told, done.stderr)
        return told


def namespaces() -> list[str]:
    """The command that starts another one without network, with mounts of its own."""
    more = [] if os.getuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", *more]


def why_not() -> str:
    """Why no host can be made here; empty where it can."""
    if not sys.platform.startswith("linux"):
        return "namespaces are Linux's"
    for program in ("unshare", "chroot", "ip"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            return f"there is no {program}"
    done = subprocess.run(
        [*namespaces(), "mount", "-t", "tmpfs", "none", "/tmp"], capture_output=True, text=True
    )
    return f"namespaces are forbidden: {done.stderr.strip()}" if done.returncode else ""
