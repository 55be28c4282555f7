"""Writes popular.in, the most downloaded projects that have extras:

    build-support/python -m lockstep.acceptance.list_popular \\
        >build-support/lockstep/acceptance/popular.in

guarddog, which looks for malicious packages, ships the names of the most downloaded ones.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Iterator

from packaging.utils import canonicalize_name

from lockstep.envs.contents import contents
from lockstep.envs.pip_config import configured_settings

COUNT = 40
EXTRAS = 3
AT_ONCE = 20
RANKED = "guarddog/analyzer/metadata/resources/top_pypi_packages.json"

FOR_DEVELOPERS = re.compile(
    r"(^|[-_])(benchmarking|checks?|compare|cover(age)?|dev|docs?|enabler|mypy|profiling|rtd|tests?"
    r"|testing|types?)($|[-_])"
)
OTHERS_TOGETHER = {"all", "full"}
ALONE = {"litellm"}
"""Projects that pin what they require, so that beside others only an ancient release fits."""


def install(folder: Path, *projects: str) -> None:
    """Install the newest wheels for the services' Python, without what they require."""
    subprocess.run(
        [f"{os.environ['LOCKSTEP_BOOTSTRAP']}/uv", "pip", "install", "--quiet", "--no-deps"]
        + ["--only-binary", ":all:", "--python-version", "3.11", "--target", str(folder)]
        + list(projects),
        env={**os.environ, **configured_settings(os.environ)},
        check=True,
    )


def with_extras(ranked: list[str], folder: Path) -> Iterator[str]:
    """The projects that have extras for users, with the first few of these, in their order."""
    for start in range(0, len(ranked), AT_ONCE):
        some = [name for name in ranked[start : start + AT_ONCE] if name not in ALONE]
        install(folder / str(start), *some)
        installed = {canonicalize_name(c.name): c for c in contents(str(folder / str(start)))}
        for name in some:
            extras = [
                extra
                for extra in installed[canonicalize_name(name)].extras
                if not FOR_DEVELOPERS.search(extra) and extra not in OTHERS_TOGETHER
            ]
            if extras:
                yield f"{name}[{','.join(extras[:EXTRAS])}]"


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        install(folder / "guarddog", "guarddog")
        (guarddog,) = contents(str(folder / "guarddog"))
        ranked = json.loads((folder / "guarddog" / RANKED).read_text())
        day = datetime.fromtimestamp(ranked["downloaded_timestamp"], timezone.utc).date()
        print(
            "# Written by list_popular.py: the most downloaded projects that have extras, with the"
        )
        print(f"# first {EXTRAS} of these, by the list of {day} in guarddog {guarddog.version}.")
        for line in islice(with_extras(ranked["packages"], folder), COUNT):
            print(line)


if __name__ == "__main__":
    main()
