"""An sdist and its vendored folder, that tests make themselves."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

TAIL = "\n\n# What is far\n# below the patch.\n"
MODULE = "def add(a, b):\n    return a - b\n" + TAIL
PATCHED = "def add(a, b):\n    return a + b\n" + TAIL
PATCH = """\
--- a/sum/sum.py
+++ b/sum/sum.py
@@ -1,5 +1,5 @@
 def add(a, b):
-    return a - b
+    return a + b
 
 
 # What is far
"""
# A build that needs nothing, since pip asks every sdist for its metadata.
BACKEND = """\
import pathlib

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = pathlib.Path(folder, "sum-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: sum\\nVersion: 1.0\\n")
    return info.name
"""
PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
CONTENTS = {
    "LICENSE": "Do as you like.\n",
    "PKG-INFO": "Metadata-Version: 2.1\nName: sum\nVersion: 1.0\n",
    "backend.py": BACKEND,
    "pyproject.toml": PYPROJECT,
    "sum/sum.py": MODULE,
}
SDIST = "sum-1.0.tar.gz"


def make_sdist(folder: Path) -> Path:
    path = folder / SDIST
    with tarfile.open(path, "w:gz") as archive:
        for name, content in CONTENTS.items():
            member = tarfile.TarInfo(f"sum-1.0/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content.encode()))
    return path


def make_vendored(folder: Path, sdist: Path) -> None:
    """Make the folder as it should be, but for the files of the sdist."""
    folder.mkdir(parents=True)
    hashes = {path: sha256(CONTENTS[path].encode()) for path in ("LICENSE", "sum/sum.py")}
    values = {
        "distribution": "sum",
        "version": "1.0",
        "sdist": SDIST,
        "sha256": sha256(sdist.read_bytes()),
        "license": "MIT",
        "license_file": "LICENSE",
        "why": "It subtracts.",
        "own": ["BUILD"],
        "patch": "sum.patch",
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    lines += ["[files]", *(f'"{path}" = "{hashed}"' for path, hashed in hashes.items())]
    (folder / "ORIGIN.toml").write_text("".join(f"{line}\n" for line in lines))
    (folder / "sum.patch").write_text(PATCH)
    (folder / "BUILD").touch()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
