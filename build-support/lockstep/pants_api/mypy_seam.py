"""The seam that lets mypy keep its cache where its configuration names the Python to check for."""

from __future__ import annotations

import configparser
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pants.backend.python.typecheck.mypy import rules as mypy
from pants.backend.python.typecheck.mypy.rules import MyPyPartition
from pants.backend.python.typecheck.mypy.subsystem import MyPyConfigFile
from pants.base.build_root import BuildRoot
from pants.core.goals.check import CheckResult
from pants.engine.fs import Digest, DigestContents
from pants.engine.rules import Get
from pants.option.global_options import GlobalOptions

from lockstep.pants_api.seam import Coroutine, replace


@dataclass(frozen=True)
class _AnyCheckout:
    """A build root for the name of mypy's cache, which is in the key of what mypy tells.

    mypy compares what it has cached by hash, so the checkouts of a machine may share it.
    """

    path: str = ""


@dataclass(frozen=True)
class _Configured:
    """A configuration file that names the Python to check for."""

    digest: Digest
    python_version: str

    def python_version_to_autoset(self, *_: Any) -> str:
        return self.python_version


async def mypy_typecheck_partition(
    original: Coroutine,
    partition: MyPyPartition,
    config: MyPyConfigFile,
    plugins: Any,
    _: BuildRoot,
    *rest: Any,
) -> CheckResult:
    """Keep the checkout's path out of the cache key.

    Say which version is configured: Pants keeps mypy's cache only where it knows the version.

    And make the cache's folder, which Pants takes for granted.
    """
    configured: MyPyConfigFile | _Configured = config
    root = _AnyCheckout()
    for file in await Get(DigestContents, Digest, config.digest):
        parser = configparser.ConfigParser()
        parser.read_string(file.content.decode())
        version = parser.get("mypy", "python_version", fallback=None)
        if version is not None:
            configured = _Configured(config.digest, version)
            options = next(option for option in rest if isinstance(option, GlobalOptions))
            name = hashlib.sha256(root.path.encode()).hexdigest()
            folder = Path(options.named_caches_dir, "mypy_cache", name, version)
            folder.mkdir(parents=True, exist_ok=True)
    result: CheckResult = await original(partition, configured, plugins, root, *rest)
    return result


def install() -> None:
    """Put the seam in place."""
    replace(mypy.mypy_typecheck_partition, mypy_typecheck_partition)
