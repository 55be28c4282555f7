"""Makes the parts of a deployable inside a sandbox, under the Python that it is for.

    build third-party WHEELS OUTPUT
    build first-party SOURCES START DESCRIPTION OUTPUT
    build layer ARCHIVE PREFIX OUTPUT
    build tarball PREFIX OUTPUT ARCHIVE...
    build image REQUEST OUTPUT

What each has to tell goes to stdout, as JSON.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any, Callable, Mapping

from lockstep.core.oci_image import Base, Settings
from lockstep.deployables import image, tree
from lockstep.deployables.archives import compress, read_tar, write_tar


def _tarball(prefix: str, output: str, *archives: str) -> None:
    plain = io.BytesIO()
    write_tar(plain, (member for path in archives for member in read_tar(path, prefix)))
    plain.seek(0)
    with open(output, "w+b") as file:
        compress(plain, file)


def _image(request: str, output: str) -> None:
    """Write an image from a document of what `image.write_image` takes."""
    with open(request) as file:
        asked = json.load(file)
    settings = Settings(
        **{**asked["settings"], "entrypoint": tuple(asked["settings"]["entrypoint"])}
    )
    base, layout = Base(), asked["base_layout"]
    if asked["base"]:
        base = image.read_base(layout, asked["base"], settings.machine)
    image.write_image(output, asked["layers"], settings, asked["reference"], base, layout)


_MODES: Mapping[str, Callable[..., Any]] = {
    "third-party": tree.write_third_party,
    "first-party": tree.write_first_party,
    "layer": image.write_layer,
    "tarball": _tarball,
    "image": _image,
}


def run() -> None:
    """Run the program with the arguments at hand."""
    try:
        told = _MODES[sys.argv[1]](*sys.argv[2:])
    except image.ImageError as error:
        sys.exit(f"The image cannot be made: {error}.")
    print(json.dumps(told or {}))
