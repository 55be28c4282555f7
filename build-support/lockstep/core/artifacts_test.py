from __future__ import annotations

import pytest
from packaging.version import Version

from lockstep.core.artifacts import (
    Artifact,
    Wanted,
    build_requirements,
    fits,
    gone,
    lacking,
    needs_key,
    released,
    wanted,
)
from lockstep.core.lock import Pin
from lockstep.core.pylock import IndexFile, Release
from lockstep.core.universal import Declared

LINUX = Declared("3.11", "linux_x86_64")
ARM = Declared("3.11", "linux_arm64")
MAC = Declared("3.11", "macos_arm64")


@pytest.mark.parametrize(
    "wheel, platforms",
    [
        ("a-1-py3-none-any.whl", (LINUX, ARM, MAC)),
        ("a-1-py2.py3-none-any.whl", (LINUX, ARM, MAC)),
        ("a-1-cp311-none-any.whl", (LINUX, ARM, MAC)),
        ("a-1-py2-none-any.whl", ()),
        ("a-1-py312-none-any.whl", ()),
        ("a-1-cp311-cp311-linux_x86_64.whl", (LINUX,)),
        ("a-1-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", (LINUX,)),
        ("a-1-cp311-cp311-manylinux1_x86_64.whl", (LINUX,)),
        ("a-1-cp311-cp311-musllinux_1_2_aarch64.whl", (ARM,)),
        ("a-1-cp311-cp311-manylinux_2_28_i686.whl", ()),
        ("a-1-cp36-abi3-manylinux_2_28_aarch64.whl", (ARM,)),
        ("a-1-cp312-abi3-manylinux_2_28_aarch64.whl", ()),
        ("a-1-cp310-cp310-manylinux_2_28_aarch64.whl", ()),
        ("a-1-cp311-cp311-macosx_11_0_arm64.whl", (MAC,)),
        ("a-1-py3-none-macosx_10_9_universal2.whl", (MAC,)),
        ("a-1-cp311-cp311-macosx_10_9_x86_64.whl", ()),
        ("a-1-cp311-cp311-win_amd64.whl", ()),
        ("a-1-cp311-cp311t-manylinux_2_28_x86_64.whl", ()),
        ("no name of a wheel.whl", (LINUX, ARM, MAC)),
    ],
)
def test_a_wheel_fits_where_its_tags_say(wheel: str, platforms: tuple[Declared, ...]) -> None:
    assert tuple(each for each in (LINUX, ARM, MAC) if fits(wheel, each)) == platforms


def file(name: str, digest: str, size: int | None = None) -> IndexFile:
    return IndexFile(f"https://index.example/{name}", (f"sha256:{digest}",), size)


ANSWER = {
    ("every-where", Version("1.0")): Release(
        (file("every-where-1.0.tar.gz", "e2"),),
        (file("every_where-1.0%2Blocal-py3-none-any.whl", "e1", 7), file("..", "e1")),
    ),
    ("compiled", Version("2")): Release(
        (file("compiled-2.0.tar.gz", "c4"),),
        (
            file("compiled-2.0-cp311-cp311-manylinux_2_17_x86_64.whl", "c1"),
            file("compiled-2.0-cp311-cp311-musllinux_1_1_x86_64.whl", "c2"),
            file("compiled-2.0-cp312-cp312-manylinux_2_17_x86_64.whl", "c3"),
            file("compiled-2.0-cp311-cp311-manylinux_2_17_aarch64.whl", "added later"),
        ),
    ),
    ("mac", Version("3.0")): Release((), (file("mac-3.0-py3-none-macosx_11_0_arm64.whl", "m"),)),
}


def artifact(name: str, digest: str) -> Artifact:
    return Artifact(name, digest, f"https://index.example/{name}")


def test_wheels_are_wanted_for_each_environment_and_the_sdist_where_there_are_none() -> None:
    pin = Pin("compiled", "2.0", ("sha256:c1", "sha256:c2", "sha256:c3", "sha256:c4"))
    wheels = (
        artifact("compiled-2.0-cp311-cp311-manylinux_2_17_x86_64.whl", "c1"),
        artifact("compiled-2.0-cp311-cp311-musllinux_1_1_x86_64.whl", "c2"),
    )
    sdist = artifact("compiled-2.0.tar.gz", "c4")
    assert wanted(pin, ANSWER, [LINUX]) == Wanted(wheels, ())
    assert wanted(pin, ANSWER, [LINUX, ARM]) == Wanted((*wheels, sdist), ())
    assert wanted(pin, ANSWER, [MAC]) == Wanted((sdist,), ())


def test_a_file_is_called_by_the_end_of_its_url() -> None:
    name, url = "every_where-1.0+local-py3-none-any.whl", "every_where-1.0%2Blocal-py3-none-any.whl"
    pin = Pin("Every-Where", "1.0", ("sha256:e1", "sha256:e2"))
    found = Artifact(name, "e1", f"https://index.example/{url}", 7)
    assert wanted(pin, ANSWER, [LINUX, MAC]) == Wanted((found,), ())


def test_an_environment_that_has_no_file_is_told_unless_the_pin_is_not_for_it() -> None:
    found = artifact("mac-3.0-py3-none-macosx_11_0_arm64.whl", "m")
    pin = Pin("mac", "3.0", ("sha256:m",))
    marked = Pin("mac", "3.0", ("sha256:m",), marker="sys_platform == 'darwin'")
    assert wanted(pin, ANSWER, [LINUX, MAC]) == Wanted((found,), (LINUX,))
    assert wanted(marked, ANSWER, [LINUX, MAC]) == Wanted((found,), ())


@pytest.mark.parametrize(
    "pin",
    [
        Pin("gone", "1.0", ("sha256:g",)),
        Pin("mac", "3.1", ("sha256:m",)),
        Pin("mac", "3.0", ("sha512:m",)),
    ],
)
def test_without_a_file_that_the_lock_names_nothing_is_found(pin: Pin) -> None:
    assert wanted(pin, ANSWER, [LINUX, MAC]) == Wanted((), (LINUX, MAC))


@pytest.mark.parametrize(
    "pyproject, required",
    [
        (None, ("setuptools>=40.8.0",)),
        ("[tool.black]\n", ("setuptools>=40.8.0",)),
        ("[build-system]\nrequires = []\n", ()),
        ('[build-system]\nrequires = ["flit_core >=3.2,<4"]\n', ("flit_core<4,>=3.2",)),
        ("[build-system\n", ("setuptools>=40.8.0",)),
        ('build-system = "x"\n', ("setuptools>=40.8.0",)),
        ('[build-system]\nrequires = ["=="]\n', ("setuptools>=40.8.0",)),
    ],
)
def test_what_a_source_distribution_is_built_with(
    pyproject: str | None, required: tuple[str, ...]
) -> None:
    assert build_requirements(pyproject) == required


def test_pins_of_an_answer_name_all_of_its_files() -> None:
    assert released(ANSWER) == (
        Pin("compiled", "2", tuple(f"sha256:{d}" for d in ("c1", "c2", "c3", "added later", "c4"))),
        Pin("every-where", "1.0", ("sha256:e1", "sha256:e1", "sha256:e2")),
        Pin("mac", "3.0", ("sha256:m",)),
    )


def test_what_is_lacking_elsewhere_is_told_and_what_is_lacking_here_is_gone() -> None:
    file = (artifact("a-1.0-py3-none-any.whl", "a"),)
    found = {
        Pin("whole", "1.0"): Wanted(file, ()),
        Pin("elsewhere", "1.0"): Wanted(file, (MAC,)),
        Pin("here", "1.0"): Wanted(file, (LINUX,)),
        Pin("all", "1.0"): Wanted((), (MAC,)),
    }
    assert lacking(found) == (
        "elsewhere==1.0 for CPython 3.11 on macos_arm64",
        "here==1.0 for CPython 3.11 on linux_x86_64",
        "all==1.0 for CPython 3.11 on macos_arm64",
    )
    assert gone(found, "linux_x86_64") == ("here==1.0", "all==1.0")


def test_the_key_follows_from_pin_hashes_and_environments_in_any_order() -> None:
    one, other = Pin("a", "1.0", ("sha256:1", "sha256:2")), Pin(
        "a", "1.0", ("sha256:2", "sha256:1")
    )
    assert needs_key(one, [LINUX, MAC]) == needs_key(other, [MAC, LINUX])
    assert needs_key(one, [LINUX]) != needs_key(one, [LINUX, MAC])
    assert needs_key(one, [LINUX]) != needs_key(Pin("a", "1.1", one.hashes), [LINUX])
