"""The options of deployables."""

from __future__ import annotations

from pants.option.option_types import StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap


class Deploy(Subsystem):
    options_scope = "deploy"
    help = "How services are shipped: the target `deployable`, and the goals that work on it."

    lock = StrOption(
        default="build-support/bootstrap/tools.lock.txt",
        advanced=True,
        help=softwrap("""
            The lock that pins cyclonedx-python-lib, relative to the build root; its slice writes the
            bills of materials.
            """),
    )
    base_images = StrOption(
        default=None,
        metavar="FOLDER",
        help=softwrap("""
            An OCI layout with the images that `base_image` names by digest. It may be absolute,
            begin with `~`, or be relative to the build root.
            """),
    )
    stores = StrListOption(
        metavar="STORE",
        help=softwrap("""
            Where `./pants publish` uploads deployables, all of: a folder (absolute, or relative to
            the build root), an HTTP store that takes PUT (`https://store.example/artifacts`), an OCI
            registry (`oci://registry.example/team`, or `oci+http://` for one without TLS). User and
            password of an HTTP store are those of `~/.netrc`, those of a registry of Docker's or
            Podman's configuration.
            """),
    )
    signing_key = StrOption(
        default=None,
        metavar="FILE",
        help=softwrap("""
            The key that `ssh-keygen -Y sign` signs with: a private key, or a public one whose
            private half an SSH agent holds. It may begin with `~`.
            """),
    )
    allowed_signers = StrOption(
        default=None,
        metavar="FILE",
        help=softwrap("""
            Whose signatures `./pants verify` takes, in the format of ssh-keygen's allowed signers
            (`NAME KEYTYPE KEY`), relative to the build root. It belongs into the repository.
            """),
    )
