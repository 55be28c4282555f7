"""The bill of materials of a deployable in CycloneDX's format.

Runs in a sandbox, in an environment that holds cyclonedx-python-lib:

    bill REQUEST OUTPUT
"""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path

_NAMESPACE = uuid.UUID("6d3ef5f0-1e0a-5c6b-9a4e-0f6b7d0c4e11")


def write_bill(request: str, output: str) -> None:
    """Write the bill of a document with `name`, `version` and `components`.

    Args:
        request: the document; a component has `name`, `version`, `hashes` (SHA-256 in hex, those of
            all files that the lock allows), `license` (SPDX or None) and `requires` (names).
        output: the bill, as JSON.
    """
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import LicenseExpression
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    asked = json.loads(Path(request).read_text())
    whole = Component(
        name=asked["name"],
        version=asked["version"],
        type=ComponentType.APPLICATION,
        bom_ref=f"{asked['name']}=={asked['version']}",
    )
    bill = Bom(serial_number=uuid.uuid5(_NAMESPACE, f"{asked['name']} {asked['version']}"))
    bill.metadata.component = whole
    components = {
        one["name"]: Component(
            name=one["name"],
            version=one["version"],
            type=ComponentType.LIBRARY,
            bom_ref=f"{one['name']}=={one['version']}",
            purl=PackageURL("pypi", name=one["name"], version=one["version"]),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=value) for value in one["hashes"]],
            licenses=[LicenseExpression(one["license"])] if one["license"] else [],
        )
        for one in asked["components"]
    }
    for component in components.values():
        bill.components.add(component)
    for one in asked["components"]:
        bill.register_dependency(
            components[one["name"]], [components[name] for name in one["requires"]]
        )
    bill.register_dependency(whole, components.values())
    document = json.loads(JsonV1Dot6(bill).output_as_string())
    del document["metadata"]["timestamp"]  # else no two builds are the same
    Path(output).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    write_bill(*sys.argv[1:])
