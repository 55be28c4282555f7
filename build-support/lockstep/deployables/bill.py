"""The bill of materials of a deployable in CycloneDX's format.

Runs in a sandbox, in an environment that holds cyclonedx-python-lib:

    bill REQUEST OUTPUT

The library is imported by name: no environment can hold both it and Pants, and editors show this folder
in that of the plugin.
"""

from __future__ import annotations

import json
import sys
import uuid
from importlib import import_module
from pathlib import Path

_NAMESPACE = uuid.UUID("6d3ef5f0-1e0a-5c6b-9a4e-0f6b7d0c4e11")


def write_bill(request: str, output: str) -> None:
    """Write the bill of a document with `name`, `version` and `components`.

    Args:
        request: the document; a component has `name`, `version`, `hashes` (SHA-256 in hex, those of
            all files that the lock allows), `license` (SPDX or None) and `requires` (names).
        output: the bill, as JSON.
    """
    model = import_module("cyclonedx.model")
    component = import_module("cyclonedx.model.component")
    licenses = import_module("cyclonedx.model.license")
    purl = import_module("packageurl").PackageURL
    asked = json.loads(Path(request).read_text())
    whole = component.Component(
        name=asked["name"],
        version=asked["version"],
        type=component.ComponentType.APPLICATION,
        bom_ref=f"{asked['name']}=={asked['version']}",
    )
    bill = import_module("cyclonedx.model.bom").Bom(
        serial_number=uuid.uuid5(_NAMESPACE, f"{asked['name']} {asked['version']}")
    )
    bill.metadata.component = whole
    components = {
        one["name"]: component.Component(
            name=one["name"],
            version=one["version"],
            type=component.ComponentType.LIBRARY,
            bom_ref=f"{one['name']}=={one['version']}",
            purl=purl("pypi", name=one["name"], version=one["version"]),
            hashes=[
                model.HashType(alg=model.HashAlgorithm.SHA_256, content=value)
                for value in one["hashes"]
            ],
            licenses=[licenses.LicenseExpression(one["license"])] if one["license"] else [],
        )
        for one in asked["components"]
    }
    for part in components.values():
        bill.components.add(part)
    for one in asked["components"]:
        bill.register_dependency(
            components[one["name"]], [components[name] for name in one["requires"]]
        )
    bill.register_dependency(whole, components.values())
    document = json.loads(
        import_module("cyclonedx.output.json").JsonV1Dot6(bill).output_as_string()
    )
    del document["metadata"]["timestamp"]  # else no two builds are the same
    Path(output).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    write_bill(*sys.argv[1:])
