"""Requirements inputs: what is read of them, line by line, and what is refused."""

from __future__ import annotations

import pytest

from lockstep.core.errors import TextError
from lockstep.core.inputs import InputRequirement, parse_input

PATH = "services/shop/requirements.in"
PYPROJECT = "libs/shared/money/pyproject.toml"
PEP_508 = "Write it as PEP 508 has it, such as `name>=1.2`."


def read(text: str, path: str = PATH) -> list[tuple[int, str]]:
    stated = parse_input(text, path)
    assert {requirement.path for requirement in stated} <= {path}
    return [(requirement.line, requirement.text) for requirement in stated]


@pytest.mark.parametrize(
    "text,stated",
    [
        ("", []),
        ("# nothing\n\n   # here\n", []),
        ("click\nrich>=13,<14\n", [(1, "click"), (2, "rich>=13,<14")]),
        ("\n# why\nclick  # a tool\n  rich\t# b\n", [(3, "click"), (4, "rich")]),
        ("click # no line end", [(1, "click")]),
        ("click \\\n  >=8, \\\n  <9\nrich\n", [(1, "click   >=8,   <9"), (4, "rich")]),
        ("click \\\n# a comment ends it\nrich\n", [(1, "click"), (3, "rich")]),
        ("click\\\n# so does this one\nrich\n", [(1, "click"), (3, "rich")]),
        ("click  # the file ends after this \\", [(1, "click")]),
        ("# not continued \\\nclick\n", [(2, "click")]),
        ("httpx[socks,http2]~=0.28\n", [(1, "httpx[socks,http2]~=0.28")]),
        (
            'tomli ; python_version < "3.11"  # old\n',
            [(1, 'tomli ; python_version < "3.11"')],
        ),
        (
            "six @ https://files.example/six.whl#sha256=ab # pinned\n",
            [(1, "six @ https://files.example/six.whl#sha256=ab")],
        ),
        (
            "shop @ git+https://code.example/shop@v1#subdirectory=py\n",
            [(1, "shop @ git+https://code.example/shop@v1#subdirectory=py")],
        ),
        ("click\r\n\r\n# why\r\nrich \\\r\n  >13\r\n", [(1, "click"), (4, "rich   >13")]),
        ("\ufeffclick\n", [(1, "click")]),
        ("\ufeff# made by an editor\nclick\n", [(2, "click")]),
    ],
)
def test_requirements_txt(text: str, stated: list[tuple[int, str]]) -> None:
    assert read(text) == stated


@pytest.mark.parametrize(
    "text,line,option",
    [
        ("click\n-r other.in\n", 2, "-r"),
        ("-c=constraints.txt\n", 1, "-c"),
        ("-e .\n", 1, "-e"),
        ("\n--index-url=https://ann:secret@index.example/simple\n", 2, "--index-url"),
        ("--extra-index-url https://index.example\n", 1, "--extra-index-url"),
        ("# x\n  --no-binary :all: \\\n  --pre\n", 2, "--no-binary"),
    ],
)
def test_options_are_refused(text: str, line: int, option: str) -> None:
    with pytest.raises(TextError) as caught:
        read(text)
    assert str(caught.value) == (
        f"{PATH}:{line}: the option `{option}` is not supported in an input. "
        "State requirements only, and give each file a `python_requirements` target."
    )


@pytest.mark.parametrize(
    "text,line,shown",
    [
        ("click\n\nrich >=\n", 3, "rich >="),
        ("./libs/money\n", 1, "./libs/money"),
        ("# a\nclick \\\n  ==8 ==9\n", 2, "click   ==8 ==9"),
        ("click==8 --hash=sha256:ab\n", 1, "click==8 --hash=sha256:ab"),
        ("<<<<<<< HEAD\nclick\n", 1, "<<<<<<< HEAD"),
        ("git+https://ann:secret@code.example/shop\n", 1, "git+https://****@code.example/shop"),
        ("six @ https://[files.example/six.whl\n", 1, "six @ https://[files.example/six.whl"),
        ("click#nospace\n", 1, "click#nospace"),
        ("cl\x00ick\n", 1, "cl\x00ick"),
    ],
)
def test_line_that_is_no_requirement(text: str, line: int, shown: str) -> None:
    with pytest.raises(TextError) as caught:
        read(text)
    assert str(caught.value) == f"{PATH}:{line}: `{shown}` is not a requirement. {PEP_508}"


PROJECT = """\
[project]
name = "money"
dependencies = [
  "click>=8",  # a tool
  'tomli ; python_version < "3.11"',
]

[project.optional-dependencies]
web = ["httpx[socks]"]
"r\\u0069ch" = [
  "r\\u0069ch>=13",
]
"""


@pytest.mark.parametrize("text", [PROJECT, PROJECT.replace("\n", "\r\n"), "\ufeff" + PROJECT])
def test_pyproject(text: str) -> None:
    assert read(text, PYPROJECT) == [
        (4, "click>=8"),
        (5, 'tomli ; python_version < "3.11"'),
        (9, "httpx[socks]"),
        (0, "rich>=13"),
    ]


@pytest.mark.parametrize("text", ["", "[tool.black]\n", '[project]\nname = "money"\n'])
def test_pyproject_without_dependencies(text: str) -> None:
    assert read(text, PYPROJECT) == []


def test_only_a_file_of_that_very_name_is_a_pyproject() -> None:
    assert read("click\n", "libs/shared/my-pyproject.toml") == [(1, "click")]


@pytest.mark.parametrize(
    "text,line,message",
    [
        (
            "[project]\nname = \n",
            2,
            "Invalid value (at line 2, column 8). Mend the TOML.",
        ),
        (
            '[project]\ndependencies = [\n  "click >=",\n]\n',
            3,
            f"`click >=` is not a requirement. {PEP_508}",
        ),
        (
            '[project]\ndependencies = ["click", "-e ."]\n',
            2,
            f"`-e .` is not a requirement. {PEP_508}",
        ),
        *(
            (f"[project]\n{text}\n", 1, f"`{key}` is not {kind}. Mend the TOML.")
            for text, key, kind in [
                ('dependencies = "click"', "project.dependencies", "a list of strings"),
                ("dependencies = [8]", "project.dependencies", "a list of strings"),
                ("optional-dependencies = []", "project.optional-dependencies", "a table"),
                (
                    "optional-dependencies = {web = 'httpx'}",
                    "project.optional-dependencies.web",
                    "a list of strings",
                ),
            ]
        ),
        ("project = 1\n", 1, "`project` is not a table. Mend the TOML."),
    ],
)
def test_damaged_pyproject(text: str, line: int, message: str) -> None:
    with pytest.raises(TextError) as caught:
        read(text, PYPROJECT)
    assert str(caught.value) == f"{PYPROJECT}:{line}: {message}"


def test_place() -> None:
    assert InputRequirement(PATH, 3, "click").place == f"{PATH}:3"
    assert InputRequirement(PYPROJECT, 0, "click").place == PYPROJECT
