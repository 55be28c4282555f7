"""Texts of JSON with comments, as people write them, for property tests."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import strategies as st

keys = st.sampled_from(
    ["a", "b", "größe", "venv", "exclude", "extraPaths", "executionEnvironments"]
    + ["python.envFile", "python.testing.pytestArgs", "python.testing.pytestEnabled"]
)
elements = st.sampled_from(["", "a", "b c", "ß//", "/* x */", 'q"\\', "${x}", ",]"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.just(1.5) | elements,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(elements, inner, max_size=3),
    max_leaves=6,
)
_BLANKS = ("", "", " ", "\n", "\n    ", "\t", " // c\n", "/* \n, */", " /* } */ ")


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A text and what it means: one object."""
    value = draw(st.dictionaries(keys, values, max_size=4))
    # Drawing every blank by itself would take most of the time.
    random = Random(draw(st.integers(0, 999)))
    text = random.choice(_BLANKS) + _rendered(value, random)
    return text.replace("\n", random.choice(["\n", "\r\n"])), value


def _rendered(value: Any, random: Random) -> str:
    def blanks() -> str:
        return random.choice(_BLANKS)

    def join(parts: list[str], brackets: str) -> str:
        trailing = random.choice(["", ","]) if parts else ""
        inner = f",{blanks()}".join(parts)
        return f"{brackets[0]}{blanks()}{inner}{trailing}{blanks()}{brackets[1]}"

    if isinstance(value, list):
        text = join([_rendered(element, random) for element in value], "[]")
    elif isinstance(value, dict):
        pairs = [
            f"{json.dumps(key)}{blanks()}:{blanks()}{_rendered(value[key], random)}"
            for key in value
        ]
        text = join(pairs, "{}")
    else:
        text = json.dumps(value, ensure_ascii=random.choice([True, False]))
    return text + blanks()
