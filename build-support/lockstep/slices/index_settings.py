"""Hands the user's index settings to the processes that install, past their cache keys.

A download is checked against the lock's hashes, so the index it came from does not change what is
built; and a credential in an index URL must not be stored with a process. So the settings stand in
a file in a named cache, which every sandbox sees and no cache key holds. It is called by the id of
the process that runs Pants, which starts the sandbox's too: several repositories share a named cache,
and each has an index of its own.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from pants.engine.env_vars import CompleteEnvironmentVars
from pants.engine.rules import Rule, collect_rules
from pants.option.global_options import GlobalOptions

from lockstep.envs.atomic import write_text
from lockstep.envs.installer import WHEELS
from lockstep.envs.pip_config import configured_settings
from lockstep.envs.wheel_store import wheel_store_folder
from lockstep.pants_api.uncacheable import uncacheable_rule

CACHE_NAME = "lockstep_index"


@dataclass(frozen=True)
class IndexSettingsRequest:
    """Bring the settings file up to date with the caller's environment and pip's configuration."""


@dataclass(frozen=True)
class IndexSettings:
    """The settings file stands. It carries nothing, so that no cache key can depend on it."""


@uncacheable_rule
async def write_index_settings(
    _: IndexSettingsRequest, environ: CompleteEnvironmentVars, global_options: GlobalOptions
) -> IndexSettings:
    folder = Path(global_options.named_caches_dir) / CACHE_NAME
    path = folder / f"{os.getpid()}.json"
    settings = {**configured_settings(environ), WHEELS: str(wheel_store_folder(environ))}
    text = json.dumps(settings, sort_keys=True)
    if not path.exists() or path.read_text() != text:
        _forget_ended(folder)
        write_text(path, text, mode=0o600)
    return IndexSettings()


def _forget_ended(folder: Path) -> None:
    """Remove the settings of processes that are no more."""
    for path in folder.glob("*.json"):
        try:
            os.kill(int(path.stem), 0)
        except PermissionError:
            continue  # somebody else's, alive
        except (ProcessLookupError, ValueError):
            path.unlink(missing_ok=True)


def rules() -> Iterable[Rule]:
    return collect_rules()
