"""The hosts that a deployable is for, as `complete_platforms` tell of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Iterable, Sequence

from lockstep.core.deployables import IMAGE, TARBALL
from lockstep.core.errors import LockstepError

_LINUX = "linux"


@dataclass(frozen=True)
class Host:
    """What an artifact runs on.

    Attributes:
        told: what tells of it, for the user.
        system: as `sys.platform` has it.
        machine: as `uname -m` prints it.
    """

    told: str
    system: str
    machine: str

    @classmethod
    def like_this(cls, platform: str) -> Host:
        """A host like the machine that builds, such as `linux_x86_64` or `macos_arm64`."""
        system, _, machine = platform.partition("_")
        return cls("this machine", "darwin" if system == "macos" else system, machine)

    @classmethod
    def described(cls, path: str, content: bytes) -> Host:
        """A host by its complete platform, the JSON of `pex3 interpreter inspect`.

        Raises:
            LockstepError: it is none.
        """
        name = path.rpartition("/")[2]
        try:
            markers = json.loads(content)["marker_environment"]
            return cls(name, str(markers["sys_platform"]), str(markers["platform_machine"]))
        except (ValueError, KeyError, TypeError):
            raise LockstepError(
                f"{name} is no complete platform",
                mend="Write it by `pex3 interpreter inspect --markers --tags` on such a host",
            ) from None


def check_hosts(service: str, outputs: Iterable[str], hosts: Sequence[Host]) -> None:
    """See to it that what is installed is for one host, and images are for Linux.

    Args:
        service: for the user.
        outputs: the kinds, such as `pex`.
        hosts: all that the deployable is for.

    Raises:
        LockstepError: they are not.
    """
    installed = sorted({IMAGE, TARBALL}.intersection(outputs))
    if installed and len(hosts) > 1:
        named = " and ".join(host.told for host in hosts)
        raise LockstepError(
            f"The {installed[0]} of {service} would be for {named}, and it can be for one alone",
            mend="Make a `deployable` for each, or set `outputs` to a PEX, which can be for several",
        )
    for host in hosts:
        if IMAGE in installed and host.system != _LINUX:
            raise LockstepError(
                f"The image of {service} would be for Linux, and {host.told} is {host.system}",
                mend="Name a complete platform of Linux in `complete_platforms`",
            )
