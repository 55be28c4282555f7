"""Scripts: their block is found as PEP 723's reference expression finds it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.errors import TextError
from lockstep.core.input_values import Input, InputRequirement, PythonRange
from lockstep.core.script_metadata import _blocks, parse

PATH = "tools/report.py"
REFERENCE = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
"""The expression that PEP 723 defines a block by."""

SCRIPT = """\
#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "httpx>=0.27",
#
#   "rich",  # tables
# ]
# [tool.uv]
# exclude-newer = "2026-02-03T00:00:00Z"
# ///
import httpx
"""


@pytest.mark.parametrize("text", [SCRIPT, SCRIPT.replace("\n", "\r\n")])
def test_script(text: str) -> None:
    assert parse(text, PATH) == Input(
        PATH,
        requirements=(InputRequirement(PATH, 5, "httpx>=0.27"), InputRequirement(PATH, 7, "rich")),
        requires_python=PythonRange(PATH, 3, ">=3.11"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "import os\n",
        "# /// script\n# dependencies = ['never closed']\nimport os\n",
        "# /// script\n# ///\n",
        "# /// data\n# x = 1\n# ///\n",
        "x = '''\n # /// script\n# dependencies = ['x']\n# ///\n'''\n",
    ],
)
def test_script_without_a_block(text: str) -> None:
    assert parse(text, PATH) == Input(PATH)


@pytest.mark.parametrize(
    "text,message",
    [
        (
            "# /// script\n# a = 1\n# ///\n\n# /// script\n# b = 2\n# ///\n",
            "5: a second `script` block begins (first: 1). Join both into one.",
        ),
        ("# /// script\n# a = \n# ///\n", "2: Invalid value (column 5). Mend the TOML."),
        (
            "# /// script\n#\n# dependecies = []\n# ///\n",
            "3: `dependecies` belongs in no `script` block. Put it below `[tool]`.",
        ),
        (
            "\n# /// script\n# dependencies = [\n#   'a b',\n# ]\n# ///\n",
            "4: `a b` is not a requirement. Write it as PEP 508 has it, such as `name>=1.2`.",
        ),
        (
            "# /// script\n# dependencies = 'x'\n# ///\n",
            "2: `dependencies` is not a list of strings. Mend the TOML.",
        ),
        (
            "# /// script\n# requires-python = 3.11\n# ///\n",
            "2: `requires-python` is not a string. Mend the TOML.",
        ),
        (
            "# /// script\n# requires-python = '3.11'\n# ///\n",
            "2: `3.11` is no range of Python versions."
            " Write it as PEP 440 has it, such as `>=3.9`.",
        ),
        (
            f'# /// script\n# requires-python = ">{"9" * 5000}"\n# ///\n',
            f"2: `>{'9' * 5000}` is no range of Python versions."
            " Write it as PEP 440 has it, such as `>=3.9`.",
        ),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(TextError) as caught:
        parse(text, PATH)
    assert str(caught.value) == f"{PATH}:{message}"


_LINES = ["# /// script", "# /// data", "# ///", "#", "# x", "#x", "", "x", " # ///", "# /// "]


@given(st.lists(st.sampled_from(_LINES), max_size=14))
def test_blocks_are_those_of_the_reference(lines: list[str]) -> None:
    text = "\n".join(lines)
    expected = [
        (match["type"], text.count("\n", 0, match.start()), text.count("\n", 0, match.end()))
        for match in REFERENCE.finditer(text)
    ]
    assert list(_blocks(lines)) == expected
