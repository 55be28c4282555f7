"""What a sandbox needs to install a slice: its text, the installer, and caches that all share."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Iterable

from pants.core.util_rules.external_tool import DownloadedExternalTool, ExternalToolRequest
from pants.engine.fs import CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.platform import Platform
from pants.engine.process import Process
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.util.frozendict import FrozenDict

from lockstep.envs.shipping import shipped
from lockstep.slices import index_settings, interpreters
from lockstep.slices.index_settings import IndexSettings, IndexSettingsRequest
from lockstep.subsystem import PexBase, Uv

SLICE = ".lockstep/slice.txt"
ENVIRONMENT = ".lockstep/venv"
FOREIGN = ".lockstep/foreign"
_INSTALLER = ".lockstep/installer"

FETCH_RESULT_MILLIS = 2_000
"""How long a remote cache may take for a result before the process is also started here.

Pants would start it at once, so that what is quick would be made here though it is in the cache, and
nobody could tell a cache that is too slow from one that is not.
"""

FETCH_ENVIRONMENT_MILLIS = 10_000
"""The same for an environment, which is large, and whose making asks the package index."""


class Mode(Enum):
    """What the installer does with the process's own arguments; see `envs/installer.py`."""

    PEX = "pex"
    VENV = "venv"
    FOREIGN = "foreign"
    UV = "uv"
    SETTINGS = "settings"


@dataclass(frozen=True)
class InstallingProcess:
    """A process that starts with the installer.

    Attributes:
        process: what to run; its arguments are those of the mode, its input holds the slice.
        mode: what the installer is to do.
        python: the interpreter that runs the installer, and that it installs for.
    """

    process: Process
    mode: Mode
    python: str


def slice_file(text: str) -> CreateDigest:
    """The slice at the place where the installer and PEX read it."""
    return CreateDigest([FileContent(SLICE, text.encode())])


@dataclass(frozen=True)
class Installer:
    """The installer's program, and what it works with, by the folder it finds it in."""

    program: Digest
    tools: FrozenDict[str, Digest]


@dataclass(frozen=True)
class InstallerRequest:
    """Get the installer for this platform."""


@rule
async def get_installer(
    _: InstallerRequest, uv: Uv, base: PexBase, platform: Platform
) -> Installer:
    program = [FileContent(f"{_INSTALLER}/{path}", text) for path, text in shipped().items()]
    uv_tool, base_tool, program_digest = await MultiGet(
        Get(DownloadedExternalTool, ExternalToolRequest, uv.get_request(platform)),
        Get(DownloadedExternalTool, ExternalToolRequest, base.get_request(platform)),
        Get(Digest, CreateDigest(program)),
    )
    tools = {".lockstep/uv": uv_tool.digest, ".lockstep/base": base_tool.digest}
    return Installer(program_digest, FrozenDict(tools))


@rule
async def start_with_installer(request: InstallingProcess) -> Process:
    installer = await Get(Installer, InstallerRequest())
    await Get(IndexSettings, IndexSettingsRequest())
    process = request.process
    return dataclasses.replace(
        process,
        argv=(request.python, "-BIS", _INSTALLER, request.mode.value, *process.argv),
        input_digest=await Get(Digest, MergeDigests([process.input_digest, installer.program])),
        immutable_input_digests=FrozenDict({**process.immutable_input_digests, **installer.tools}),
        append_only_caches=FrozenDict(
            {
                **process.append_only_caches,
                **interpreters.CACHES,
                "lockstep_uv": ".lockstep/uv-cache",
                "lockstep_wheels": ".lockstep/wheels",
                index_settings.CACHE_NAME: ".lockstep/index",
            }
        ),
        remote_cache_speculation_delay_millis=FETCH_ENVIRONMENT_MILLIS,
    )


def rules() -> Iterable[Rule]:
    return (*collect_rules(), *index_settings.rules(), *interpreters.rules())
