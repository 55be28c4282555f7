from __future__ import annotations

import json

import pytest

from lockstep.core.errors import LockstepError
from lockstep.core.hosts import Host, check_hosts

MARKERS = {"sys_platform": "linux", "platform_machine": "aarch64"}
ARM = Host("arm.json", "linux", "aarch64")
MAC = Host("mac.json", "darwin", "arm64")


def test_a_host_is_like_this_machine_or_described() -> None:
    assert Host.like_this("linux_x86_64") == Host("this machine", "linux", "x86_64")
    assert Host.like_this("macos_arm64") == Host("this machine", "darwin", "arm64")
    text = json.dumps({"marker_environment": MARKERS, "compatible_tags": []})
    assert Host.described("platforms-1/x/arm.json", text.encode()) == ARM


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{}", b'{"marker_environment": 3}'])
def test_what_describes_no_host(content: bytes) -> None:
    with pytest.raises(LockstepError) as raised:
        Host.described("x/arm.json", content)
    assert str(raised.value) == (
        "arm.json is no complete platform. Write it by `pex3 interpreter inspect --markers --tags` on"
        " such a host."
    )


def test_a_pex_can_be_for_several_and_a_tarball_for_any() -> None:
    check_hosts("index", ["pex"], [ARM, MAC])
    check_hosts("index", ["pex", "tarball"], [MAC])
    check_hosts("index", ["image", "pex", "tarball"], [ARM])


@pytest.mark.parametrize("output", ["image", "tarball"])
def test_what_is_installed_is_for_one(output: str) -> None:
    with pytest.raises(LockstepError) as raised:
        check_hosts("index", ["pex", output], [ARM, MAC])
    assert str(raised.value) == (
        f"The {output} of index would be for arm.json and mac.json, and it can be for one alone. Make a"
        " `deployable` for each, or set `outputs` to a PEX, which can be for several."
    )


def test_an_image_is_for_linux() -> None:
    with pytest.raises(LockstepError) as raised:
        check_hosts("index", ["image"], [MAC])
    assert str(raised.value) == (
        "The image of index would be for Linux, and mac.json is darwin. Name a complete platform of"
        " Linux in `complete_platforms`."
    )
