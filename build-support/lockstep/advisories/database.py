"""Reads advisories: from a folder or archive of records in OSV format, or from an index."""

from __future__ import annotations

import json
import os
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator

import yaml
from packaging.utils import canonicalize_name
from pants.base.build_root import BuildRoot
from pants.engine.env_vars import CompleteEnvironmentVars
from pants.engine.rules import Rule, collect_rules

from lockstep.core.advisories import Advisory, read_advisories, read_of_index
from lockstep.core.errors import LockstepError
from lockstep.envs.downloads import Downloads
from lockstep.envs.pip_config import configured_settings
from lockstep.pants_api.uncacheable import uncacheable_rule

_ENDINGS = (".json", ".yaml", ".yml")
_NAME = re.compile(r"""\bname["']?\s*:\s*["']?([A-Za-z0-9._-]+)""")
_AT_ONCE = 8
_MEND = "Take the file out of the folder of advisories, or fetch it anew"


@dataclass(frozen=True)
class AdvisoriesRequest:
    """Read the advisories about some projects.

    Attributes:
        place: a folder, such as a checkout of a database, or a zip archive; relative to the build
            root, or absolute, or below `~`. Or the URL of an index's JSON, to which
            `/PROJECT/VERSION/json` is added.
        releases: normalised names (PEP 503) and versions.
    """

    place: str
    releases: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Advisories:
    """What a database says.

    Attributes:
        found: the advisories about the projects.
        unknown: the releases that an index does not know, so that it tells nothing of them.
    """

    found: tuple[Advisory, ...]
    unknown: tuple[str, ...] = ()


@uncacheable_rule(desc="Read the advisories")
async def read_advisories_about(
    request: AdvisoriesRequest, root: BuildRoot, environ: CompleteEnvironmentVars
) -> Advisories:
    if re.match("https?://", request.place):
        return _of_index(request, Downloads(configured_settings(environ)))
    place = Path(root.path, os.path.expanduser(request.place))
    wanted = {project for project, _ in request.releases}
    found: list[Advisory] = []
    records = 0
    try:
        for path, text in _records(place):
            records += 1
            # Reading a record takes far longer than seeing that it is about something else.
            if not wanted.isdisjoint(map(str, map(canonicalize_name, _NAME.findall(text)))):
                found += read_advisories(_parsed(path, text), path)
    except (OSError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LockstepError(
            f"The advisories in {request.place} cannot be read ({reason})",
            mend="Set `[lockstep].advisories` to a folder or zip archive of records in OSV format",
        ) from None
    if not records:
        raise LockstepError(
            f"{request.place} holds no record of an advisory, so nothing could be found",
            mend="Set `[lockstep].advisories` to a folder or zip archive of records in OSV format",
        )
    return Advisories(tuple(one for one in found if one.project in wanted))


def _of_index(request: AdvisoriesRequest, downloads: Downloads) -> Advisories:
    def ask(release: tuple[str, str]) -> str | None:
        project, version = release
        what = f"What the index tells of `{project}=={version}`"
        return downloads.text(f"{request.place.rstrip('/')}/{project}/{version}/json", what)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(zip(request.releases, pool.map(ask, request.releases)))
    found: list[Advisory] = []
    unknown = []
    for (project, version), text in answers.items():
        if text is None:
            unknown.append(f"{project}=={version}")
        else:
            found += read_of_index(_parsed(f"{project}/{version}.json", text), project, version)
    return Advisories(tuple(found), tuple(unknown))


def _records(place: Path) -> Iterator[tuple[str, str]]:
    """Each record's path and text."""
    if place.is_file():
        with zipfile.ZipFile(place) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(_ENDINGS):
                    yield f"{place}/{name}", archive.read(name).decode(errors="replace")
        return
    for folder, folders, files in os.walk(place, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(_ENDINGS) and not name.startswith("."):
                path = Path(folder, name)
                yield str(path), path.read_bytes().decode(errors="replace")


def _raise(error: OSError) -> None:
    raise error


def _parsed(path: str, text: str) -> object:
    try:
        if path.endswith(".json"):
            return json.loads(text)
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise LockstepError(f"{path} cannot be read ({reason})", mend=_MEND) from None


def rules() -> Iterable[Rule]:
    return collect_rules()
