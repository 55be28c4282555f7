"""The options of pants.toml that `./py` needs."""

from __future__ import annotations

import pytest

from lockstep.core.errors import TextError
from lockstep.core.pants_options import parse
from lockstep.core.source_roots import DEFAULT_PATTERNS


def test_defaults_are_those_of_pants() -> None:
    options = parse("")
    assert options.locks == {"python-default": "3rdparty/python/default.lock"}
    assert (options.default_resolve, options.root_patterns) == ("python-default", DEFAULT_PATTERNS)
    assert (options.marker_filenames, options.shared_inputs) == ((), "3rdparty/python")


def test_what_is_set() -> None:
    options = parse(
        '[python]\ndefault_resolve = "main"\n[python.resolves]\nmain = "lock.txt"\n'
        '[source]\nroot_patterns = ["/cmd"]\nmarker_filenames.add = ["ROOT"]\n'
        '[lockstep]\nshared_inputs = "deps"\n'
    )
    assert (options.locks, options.default_resolve) == ({"main": "lock.txt"}, "main")
    assert (options.root_patterns, options.marker_filenames) == (("/cmd",), ("ROOT",))
    assert options.shared_inputs == "deps"


def test_what_is_added_to_a_default_and_removed_from_it() -> None:
    options = parse('[source.root_patterns]\nadd = ["/cmd"]\nremove = ["/", "src"]\n')
    assert options.root_patterns == (*DEFAULT_PATTERNS[2:], "/cmd")


@pytest.mark.parametrize(
    "text,fault",
    [
        ('[python.resolves]\nx = ["a"]\n', "pants.toml:2: the lock of `x` is not a path"),
        ("[source]\nroot_patterns = 1\n", "pants.toml:2: `source.root_patterns` is not a list"),
        ("[python\n", "pants.toml:1: "),
    ],
)
def test_other_values_are_errors(text: str, fault: str) -> None:
    with pytest.raises(TextError, match=fault.replace("[", r"\[")):
        parse(text)
