"""What an upgrade lets go of."""

from __future__ import annotations

import pytest

from lockstep.core import lock_codec
from lockstep.core.errors import LockstepError
from lockstep.core.input_values import InputRequirement
from lockstep.core.upgrade import Upgrade, upgrade

HASH = "a" * 64
PINS = lock_codec.parse(
    "".join(
        f"{pin} \\\n    --hash=sha256:{HASH}\n"
        for pin in (
            "idna==3.7",
            "numpy==1.26.4 ; python_version < '3.12'",
            "numpy==2.1.0 ; python_version >= '3.12'",
            "typing-extensions==4.12.2",
        )
    ),
    "lock.txt",
).pins


def names(upgraded: Upgrade) -> list[str]:
    return [pin.requirement for pin in upgraded.kept(PINS)]


def test_all_or_some_pins_go() -> None:
    assert names(Upgrade()) == [pin.requirement for pin in PINS]
    assert names(upgrade(True, ())) == []
    assert names(upgrade(False, ["NumPy", "Typing.Extensions<5"])) == ["idna==3.7"]
    assert upgrade(False, [" idna==3.10", "idna==3.10"]).wishes == ("idna==3.10",)


def test_a_version_that_is_named_may_be_younger_than_a_cooldown_allows() -> None:
    wishes = upgrade(False, ["Idna==3.10", "numpy", "six<2", "attrs==23.*", "torch==2.1+cpu"])
    assert wishes.younger() == ("idna<=3.10", "torch<=2.1")


def test_a_wish_bounds_what_the_lock_pins() -> None:
    wishes = upgrade(False, ["idna==3.10", "numpy", "six<2"])
    assert wishes.bounds(PINS) == (InputRequirement("--upgrade-package", 0, "idna==3.10"),)
    (bound,) = wishes.bounds(PINS)
    assert bound.place == "--upgrade-package"


def test_a_wish_for_what_no_lock_pins_is_told() -> None:
    upgrade(False, ["idna"]).check([("a.txt", ()), ("b.txt", PINS)])
    with pytest.raises(LockstepError) as caught:
        upgrade(False, ["idna", "Six==1"]).check([("a.txt", ()), ("b.txt", PINS)])
    assert str(caught.value) == (
        "`--upgrade-package=six` names nothing that a.txt or b.txt pins. See to its spelling; to add"
        " a project, state it in a requirements input."
    )


@pytest.mark.parametrize("text", ["", "==1", "a b", "a[b]", "a; python_version<'3'", "a @ b.whl"])
def test_what_is_no_wish_is_told(text: str) -> None:
    with pytest.raises(LockstepError) as caught:
        upgrade(False, [text])
    assert str(caught.value) == (
        f"`--upgrade-package={text}` is no project with a version. Write it as"
        " `--upgrade-package=idna` or `--upgrade-package=idna==3.10`."
    )
