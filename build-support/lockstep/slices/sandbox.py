"""What a sandbox needs to install a slice: the text, the interpreter, the installer, its caches."""

from __future__ import annotations

import dataclasses
import pkgutil
from dataclasses import dataclass
from typing import Iterable

from pants.core.util_rules.external_tool import DownloadedExternalTool, ExternalToolRequest
from pants.engine.fs import CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.platform import Platform
from pants.engine.process import Process
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.util.frozendict import FrozenDict

from lockstep.slices import index_settings
from lockstep.slices.index_settings import IndexSettings, IndexSettingsRequest
from lockstep.subsystem import Uv

SLICE = ".lockstep/slice.txt"
ENVIRONMENT = ".lockstep/venv"
_PYTHON = ".lockstep/python"
_INSTALL = ".lockstep/install.sh"
_UV = ".lockstep/uv"


def slice_files(slice_text: str, python: str | None) -> CreateDigest:
    """The files of a sandbox that tell what to install.

    Args:
        slice_text: the slice in requirements.txt format.
        python: the interpreter to install for; None where PEX itself resolves the slice.
    """
    files = [FileContent(SLICE, slice_text.encode())]
    if python is not None:
        files.append(FileContent(_PYTHON, f"{python}\n".encode()))
    return CreateDigest(files)


@dataclass(frozen=True)
class InstallingProcess:
    """A process that finds its slice installed in `.lockstep/venv`.

    Attributes:
        process: its input holds `slice_files`.
    """

    process: Process


@dataclass(frozen=True)
class Installer:
    """The installer's binary and the script that drives it."""

    uv: Digest
    script: Digest


@dataclass(frozen=True)
class InstallerRequest:
    """Get the installer for this platform."""


@rule
async def get_installer(_: InstallerRequest, uv: Uv, platform: Platform) -> Installer:
    script = pkgutil.get_data("lockstep.envs", "install.sh")
    assert script is not None, "the script stands beside the module"
    tool = await Get(DownloadedExternalTool, ExternalToolRequest, uv.get_request(platform))
    return Installer(tool.digest, await Get(Digest, CreateDigest([FileContent(_INSTALL, script)])))


@rule
async def install_before(request: InstallingProcess) -> Process:
    installer = await Get(Installer, InstallerRequest())
    await Get(IndexSettings, IndexSettingsRequest())
    process = request.process
    digest = await Get(Digest, MergeDigests([process.input_digest, installer.script]))
    return dataclasses.replace(
        process,
        argv=("/bin/sh", _INSTALL, *process.argv),
        input_digest=digest,
        immutable_input_digests=FrozenDict({**process.immutable_input_digests, _UV: installer.uv}),
        append_only_caches=FrozenDict(
            {
                **process.append_only_caches,
                "lockstep_uv": ".lockstep/cache",
                index_settings.CACHE_NAME: ".lockstep/index",
            }
        ),
    )


def rules() -> Iterable[Rule]:
    return (*collect_rules(), *index_settings.rules())
