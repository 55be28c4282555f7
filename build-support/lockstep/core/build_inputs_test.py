"""BUILD files without Pants: the inputs that they name, and for which resolve."""

from __future__ import annotations

from typing import Optional

import pytest

from lockstep.core.build_inputs import StatedInput, read_build
from lockstep.core.errors import TextError

PATH = "a/BUILD"


def stated(line: int, source: Optional[str], *resolves: Optional[str]) -> StatedInput:
    return StatedInput(PATH, line, source, (), resolves or (None,))


def test_files_and_single_requirements() -> None:
    text = (
        'python_sources()\npython_requirements(name="all", source="r.in")\n'
        'python_requirements()\npython_requirement(name="x", requirements=["x>=1", "y"])\n'
    )
    assert read_build(text, PATH, {}).inputs == (
        stated(2, "r.in"),
        stated(3, "requirements.txt"),
        StatedInput(PATH, 4, None, ("x>=1", "y"), (None,)),
    )


def test_resolves_by_field_by_default_and_by_parametrization() -> None:
    text = (
        'OTHER = "tools"\n'
        'python_requirements(source="a.in", resolve=OTHER)\n'
        'python_requirements(source="b.in", resolve=parametrize("x", y="z"))\n'
        'python_requirements(source="c.in")\n'
    )
    assert read_build(text, PATH, {"python_requirements": "above"}).inputs == (
        stated(2, "a.in", "tools"),
        stated(3, "b.in", "x", "z"),
        stated(4, "c.in", "above"),
    )


@pytest.mark.parametrize(
    "defaults",
    [
        '{python_requirements: dict(resolve="x")}',
        '{(python_tests, python_requirements): {"resolve": "x"}}',
        '{"python_requirements": dict(resolve="x")}',
        'all=dict(resolve="x", tags=compute())',
    ],
)
def test_defaults_hold_from_there_on(defaults: str) -> None:
    text = f'__defaults__({defaults})\npython_requirements(source="a.in")\n'
    read = read_build(text, PATH, {})
    assert read.inputs == (stated(2, "a.in", "x"),)
    assert read.defaults["python_requirements"] == "x"


@pytest.mark.parametrize(
    "text,fault",
    [
        ("python_requirements(\n", r"a/BUILD:1: the BUILD file cannot be read. Mend it."),
        (
            "x = f()\npython_requirements(source=x)\n",
            "a/BUILD:2: the value is computed, which `./py` cannot follow. Write it out, or let the"
            " script state its requirements itself.",
        ),
    ],
)
def test_what_cannot_be_followed_is_an_error(text: str, fault: str) -> None:
    with pytest.raises(TextError) as error:
        read_build(text, PATH, {})
    assert str(error.value) == fault


def test_what_is_computed_elsewhere_does_no_harm() -> None:
    text = 'X = f()\nfiles(sources=X)\npython_requirements(source="a.in")\n'
    assert read_build(text, PATH, {}).inputs == (stated(3, "a.in"),)
