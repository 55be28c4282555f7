from __future__ import annotations

import pytest
from packaging.version import Version

from lockstep.core.pylock import (
    IndexFile,
    PylockError,
    Release,
    is_file_name,
    question,
    read_answer,
    render,
)
from lockstep.core.lock import Pin
from lockstep.core.universal import Declared

LINUX = Declared("3.11", "linux_x86_64").variables
MAC = Declared("3.12", "macos_arm64").variables
FILES = "https://files.example"

SDIST = IndexFile(f"{FILES}/six-1.0.tar.gz", ("sha256:aa",), 30)
WHEEL = IndexFile(f"{FILES}/six-1.0-py3-none-any.whl", ("sha256:bb", "sha512:cc"), 20)
UNLOCKED = IndexFile(f"{FILES}/six-1.0-py2-none-any.whl", ("sha256:dd",))
ANSWER = {("six", Version("1.0")): Release((SDIST,), (UNLOCKED, WHEEL))}

LINUX_ONLY = """\
lock-version = "1.0"
environments = [
    "implementation_name == 'cpython' and platform_machine == 'x86_64' and python_version == '3.11' and sys_platform == 'linux'",
]
requires-python = "==3.11.*"
created-by = "lockstep"
"""


def rendered(*pins: Pin) -> str:
    """What stands below the header."""
    text = render(pins, ANSWER, lock_path="lock.txt", pythons=["3.11"], environments=[LINUX])
    assert text.startswith(LINUX_ONLY)
    return text[len(LINUX_ONLY) :]


@pytest.mark.parametrize(
    "name,allowed",
    [
        ("pylock.toml", True),
        ("pylock.prod-1.toml", True),
        ("pylock..toml", False),
        ("pylock.a.b.toml", False),
        ("pylock.toml.bak", False),
        ("my-pylock.toml", False),
    ],
)
def test_names_of_files(name: str, allowed: bool) -> None:
    assert is_file_name(name) is allowed


def test_uv_is_asked_for_releases_and_downloads_none() -> None:
    pins = [
        Pin("Six", "1.0", ("sha256:aa",), extras=("x",)),
        Pin("numpy", "2.4", marker="sys_platform == 'linux'"),
        Pin("direct", None, url=f"{FILES}/direct-1.zip"),
    ]
    assert question(pins) == (
        "Six==1.0\nnumpy==2.4 ; sys_platform == 'linux'\n",
        '[[dependency-metadata]]\nname = "six"\nversion = "1.0"\nrequires-dist = []\n'
        '[[dependency-metadata]]\nname = "numpy"\nversion = "2.4"\nrequires-dist = []\n',
    )


def test_what_uv_answers() -> None:
    text = f"""
        lock-version = "1.0"
        [[packages]]
        name = "six"
        version = "1.0.0"
        sdist = {{ url = "https://user:secret@files.example/six-1.0.tar.gz", size = 30, hashes = {{ sha256 = "aa" }} }}
        wheels = [{{ url = "{FILES}/b.whl", hashes = {{ sha512 = "c", sha256 = "b" }} }}]
        [[packages]]
        name = "six"
        version = "1.0.0"
        marker = "sys_platform == 'linux'"
        wheels = [{{ url = "{FILES}/b.whl", hashes = {{ sha512 = "c", sha256 = "b" }} }}, {{ url = "{FILES}/a.whl" }}]
        [[packages]]
        name = "bare"
        version = "2"
    """
    assert read_answer(text) == {
        ("six", Version("1.0")): Release(
            (SDIST,),
            (
                IndexFile(f"{FILES}/a.whl", ()),
                IndexFile(f"{FILES}/b.whl", ("sha256:b", "sha512:c")),
            ),
        ),
        ("bare", Version("2")): Release((), ()),
    }
    assert read_answer('lock-version = "1.0"\n') == {}


def test_only_files_and_hashes_that_are_locked_are_named() -> None:
    assert rendered(Pin("Six", "1", ("sha256:bb", "sha256:aa"), extras=("x",))) == f"""
[[packages]]
name = "six"
version = "1"
sdist = {{ url = "{FILES}/six-1.0.tar.gz", size = 30, hashes = {{ sha256 = "aa" }} }}
wheels = [
    {{ url = "{FILES}/six-1.0-py3-none-any.whl", size = 20, hashes = {{ sha256 = "bb" }} }},
]
"""
    assert rendered(Pin("six", "1.0", ("sha256:dd", "sha256:ee"))) == f"""
[[packages]]
name = "six"
version = "1.0"
wheels = [
    {{ url = "{FILES}/six-1.0-py2-none-any.whl", hashes = {{ sha256 = "dd" }} }},
]
"""
    assert rendered(Pin("six", "1.0", ("sha256:aa",))).endswith(
        f'sdist = {{ url = "{FILES}/six-1.0.tar.gz", size = 30, hashes = {{ sha256 = "aa" }} }}\n'
    )
    assert 'hashes = { sha256 = "bb", sha512 = "cc" }' in rendered(Pin("six", "1", WHEEL.hashes))


def test_markers_archives_and_their_order() -> None:
    pins = [
        Pin("zip", None, ("sha256:ff",), url=f"{FILES}/zip-1.zip"),
        Pin("six", "1.0", ("sha256:aa",), marker="sys_platform == 'linux'"),
        Pin("six", "2.0", ("sha256:aa",), marker='sys_platform == "darwin"'),  # uv leaves it out
    ]
    assert rendered(*pins) == f"""
[[packages]]
name = "six"
version = "1.0"
marker = "sys_platform == 'linux'"
sdist = {{ url = "{FILES}/six-1.0.tar.gz", size = 30, hashes = {{ sha256 = "aa" }} }}

[[packages]]
name = "zip"
archive = {{ url = "{FILES}/zip-1.zip", hashes = {{ sha256 = "ff" }} }}
"""
    assert rendered(*reversed(pins)) == rendered(*pins)


def test_several_environments_and_none_that_is_known() -> None:
    both = render((), {}, lock_path="lock.txt", pythons=["3.11", "3.12"], environments=[LINUX, MAC])
    assert both == """\
lock-version = "1.0"
environments = [
    "implementation_name == 'cpython' and platform_machine == 'x86_64' and python_version == '3.11' and sys_platform == 'linux'",
    "implementation_name == 'cpython' and platform_machine == 'arm64' and python_version == '3.12' and sys_platform == 'darwin'",
]
requires-python = ">=3.11,<3.13"
created-by = "lockstep"
"""
    assert render((), {}, lock_path="lock.txt", pythons=["3.9"], environments=[]) == (
        'lock-version = "1.0"\nrequires-python = "==3.9.*"\ncreated-by = "lockstep"\n'
    )


def test_what_is_written_can_be_read() -> None:
    pin = Pin("six", "1.0", ("sha256:aa", "sha256:bb", "sha256:dd", "sha512:cc"))
    text = render([pin], ANSWER, lock_path="lock.txt", pythons=["3.11"], environments=[LINUX])
    assert read_answer(text) == ANSWER


@pytest.mark.parametrize(
    "pin,fault",
    [
        (
            Pin("six", "1.0"),
            "lock.txt has no hash for `six==1.0`, and a pylock.toml holds no file without. Export"
            " `--format=requirements`, or state a release or an archive in its place.",
        ),
        (
            Pin("six", "1.0", ("sha256:ee",)),
            "The index has no file of `six==1.0` with a hash of lock.txt. Name the index that was"
            " locked from in pip's configuration, or run `./pants lock` if the lock is wrong.",
        ),
        (
            Pin("seven", "1.0", ("sha256:aa",)),
            "The index has no file of `seven==1.0` with a hash of lock.txt. Name the index that was"
            " locked from in pip's configuration, or run `./pants lock` if the lock is wrong.",
        ),
    ],
)
def test_what_the_format_cannot_hold(pin: Pin, fault: str) -> None:
    with pytest.raises(PylockError) as caught:
        rendered(pin)
    assert str(caught.value) == fault
