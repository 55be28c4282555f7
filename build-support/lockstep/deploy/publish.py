"""The rule behind `./pants publish` of a deployable."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable

import lockstep
from pants.base.build_root import BuildRoot
from pants.core.goals.publish import (
    PublishFieldSet,
    PublishPackages,
    PublishProcesses,
    PublishRequest,
)
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import CreateDigest, Digest, FileContent, MergeDigests, Snapshot
from pants.engine.process import InteractiveProcess
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule

from lockstep.core.deployables import PROVENANCE, is_dirty
from lockstep.core.errors import LockstepError, redacted
from lockstep.deploy.subsystem import Deploy
from lockstep.deploy.target_types import OutputsField, ProcfileField, ServiceNameField, service_name

_REQUEST = "publish.json"
_VARIABLES = (
    *("HOME", "PATH", "SSH_AUTH_SOCK", "NETRC"),
    *("XDG_RUNTIME_DIR", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG"),
    *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)


@dataclass(frozen=True)
class PublishDeployableRequest(PublishRequest[Any]):
    """Publish what was packaged of a deployable."""


@dataclass(frozen=True)
class PublishDeployableFieldSet(PublishFieldSet[PublishDeployableRequest]):
    publish_request_type = PublishDeployableRequest
    required_fields = (ProcfileField, OutputsField)

    procfile: ProcfileField
    service: ServiceNameField


@rule(desc="Publish a deployable")
async def publish_deployable(
    request: PublishDeployableRequest, deploy: Deploy, root: BuildRoot
) -> PublishProcesses:
    (package,) = request.packages
    snapshot = await Get(Snapshot, Digest, package.digest)
    (provenance,) = (path for path in snapshot.files if path.endswith(PROVENANCE))
    folder, _, file = provenance.rpartition("/")
    name = service_name(request.field_set.service)
    version = file[len(name) + 1 : -len(PROVENANCE)]
    if is_dirty(version):
        raise LockstepError(
            f"{name} {version} is not published, since the work tree differs from its commit",
            mend="Commit or stash what `git status` tells",
        )
    if not deploy.stores or deploy.signing_key is None:
        option = "stores" if not deploy.stores else "signing_key"
        raise LockstepError(
            f"{name} cannot be published: `[deploy].{option}` is not set",
            mend="`./pants help deploy` tells what it takes",
        )
    asked = {
        "root": root.path,
        "name": name,
        "version": version,
        "folder": folder,
        "key": deploy.signing_key,
        "stores": list(deploy.stores),
    }
    document, environ = await MultiGet(
        Get(Digest, CreateDigest([FileContent(_REQUEST, json.dumps(asked).encode())])),
        Get(EnvironmentVars, EnvironmentVarsRequest(_VARIABLES)),
    )
    process = InteractiveProcess(
        (sys.executable, "-m", "lockstep.deployables.publish", _REQUEST),
        input_digest=await Get(Digest, MergeDigests([package.digest, document])),
        env={**environ, "PYTHONPATH": os.fspath(Path(lockstep.__file__).parents[1])},
    )
    return PublishProcesses(
        [PublishPackages((f"{name} {version}",), process, redacted(", ".join(deploy.stores)))]
    )


def rules() -> Iterable[Rule | UnionRule]:
    return (*collect_rules(), *PublishDeployableFieldSet.rules())
