"""Signs a release and uploads it. The goal `publish` starts it, with the environment of the user:

    publish REQUEST

REQUEST is a JSON document: `root` (the build root), `name`, `version`, `folder` (of the files), `key`
and `stores`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Mapping, Sequence

from lockstep.core.deployables import PROVENANCE
from lockstep.core.errors import LockstepError, redacted
from lockstep.deployables.signatures import sign
from lockstep.deployables.registry import Registry
from lockstep.deployables.stores import Folder, HttpStore, Release, Store


def publish(request: str) -> None:
    """Publish what a document asks for, and tell of it.

    Raises:
        LockstepError: it cannot be signed or uploaded.
    """
    asked = json.loads(Path(request).read_text())
    root = Path(asked["root"])
    stores = {named: store_of(named, root) for named in asked["stores"]}
    folder = Path(asked["folder"])
    provenance = folder / f"{asked['name']}-{asked['version']}{PROVENANCE}"
    others = sorted(path for path in folder.iterdir() if path != provenance)
    signature = sign(provenance, root / Path(asked["key"]).expanduser())
    release = Release(asked["name"], asked["version"], (*others, provenance, signature))
    for line in upload_all(stores, release):
        print(line)


def store_of(named: str, root: Path) -> Store:
    """The store that an entry of `[deploy].stores` names.

    Args:
        named: a folder or URL.
        root: the build root.

    Raises:
        LockstepError: nothing takes such a URL.
    """
    scheme, found, rest = named.partition("://")
    if not found:
        return Folder(root / Path(named).expanduser())
    if scheme in ("http", "https"):
        return HttpStore(named)
    if scheme in ("oci", "oci+http"):
        host, _, path = rest.partition("/")
        return Registry(f"{'http' if scheme == 'oci+http' else 'https'}://{host}", path.strip("/"))
    raise LockstepError(
        f"`{redacted(named)}` in `[deploy].stores` is no store",
        mend="Name a folder, an `https://` URL, or an `oci://` one",
    )


def upload_all(stores: Mapping[str, Store], release: Release) -> Sequence[str]:
    """Upload a release to all stores, and tell of each in a line."""
    return [
        f"{release.name} {release.version} is "
        + ("published to " if store.upload(release) else "in already, unchanged: ")
        + redacted(named)
        for named, store in stores.items()
    ]


if __name__ == "__main__":
    try:
        publish(sys.argv[1])
    except LockstepError as error:
        sys.exit(str(error))
