"""Makes a folder of wheels, so that a resolve meets the same releases on every day."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Iterable


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: Iterable[str] = (),
    python: str = "",
    links: Iterable[str] = (),
) -> None:
    """Write a wheel that holds one empty module.

    Args:
        folder: where to.
        name: the project, and its module.
        version: the release.
        requires: its requirements (PEP 508).
        python: the Pythons it is for (`Requires-Python`), all by default.
        links: its `Project-URL`s, such as `Changelog, https://a.example`.
    """
    info = f"{name}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Python: {python}"] if python else []
    metadata += [f"Requires-Dist: {text}" for text in requires]
    metadata += [f"Project-URL: {link}" for link in links]
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": "".join(f"{line}\n" for line in metadata),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for file, content in files.items():
            wheel.writestr(zipfile.ZipInfo(file), content)
