"""requirements.txt format: what is read as pip reads it, and what is refused."""

from __future__ import annotations

import pytest

from lockstep.core.errors import TextError
from lockstep.core.input_values import InputRequirement, Setting
from lockstep.core.requirements_txt import parse

PATH = "services/shop/requirements.in"
SHA = "0a" * 32


def read(text: str) -> list[tuple[int, str]]:
    stated = parse(text, PATH)
    assert (stated.includes, stated.settings) == ((), ())
    return [(requirement.line, requirement.text) for requirement in stated.requirements]


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
        ("click>=8 \\", [(1, "click>=8")]),
        ("# not continued \\\nclick\n", [(2, "click")]),
        ("httpx[socks,http2]~=0.28\n", [(1, "httpx[socks,http2]~=0.28")]),
        ("# -*- coding: utf-8 -*-\nclick\n", [(2, "click")]),
        ('tomli ; python_version < "3.11"  # old\n', [(1, 'tomli ; python_version < "3.11"')]),
        (
            "six @ https://files.example/six.whl#sha256=ab # pinned\n",
            [(1, "six @ https://files.example/six.whl#sha256=ab")],
        ),
        (
            "shop @ git+https://code.example/shop@v1#subdirectory=py\n",
            [(1, "shop @ git+https://code.example/shop@v1#subdirectory=py")],
        ),
        (
            "git+ssh://git@code.example/shop@v1#subdirectory=py&egg=Shop[web]\n",
            [(1, "Shop[web] @ git+ssh://git@code.example/shop@v1#subdirectory=py")],
        ),
        (
            "https://files.example/My_Shop-1.0-py3-none-any.whl ; python_version < '4'\n",
            [
                (
                    1,
                    "my-shop @ https://files.example/My_Shop-1.0-py3-none-any.whl"
                    " ; python_version < '4'",
                )
            ],
        ),
        ("click\r\n\r\n# why\r\nrich \\\r\n  >13\r\n", [(1, "click"), (4, "rich   >13")]),
    ],
)
def test_requirements(text: str, stated: list[tuple[int, str]]) -> None:
    assert read(text) == stated


def test_hashes_are_kept() -> None:
    text = f"click==8 \\\n  --hash=sha256:{SHA.upper()} \\\n  --hash sha512:{SHA * 2}  # both\n"
    assert parse(text, PATH).requirements == (
        InputRequirement(PATH, 1, "click==8", (f"sha256:{SHA}", f"sha512:{SHA * 2}")),
    )


@pytest.mark.parametrize(
    "text,settings",
    [
        ("--pre", [("pre", "")]),
        ("--prefer-binary\n", [("prefer-binary", "")]),
        ("--require-hashes\n", []),
        ("-ihttps://index.example\n", [("index-url", "https://index.example")]),
        ("--pypi-url 'https://index.example'\n", [("index-url", "https://index.example")]),
        (
            "--index https://index.example --extra=https://more.example\n",
            [("index-url", "https://index.example"), ("extra-index-url", "https://more.example")],
        ),
        (
            "--no-index --find-links ../wheels\n",
            [("no-index", ""), ("find-links", "services/wheels")],
        ),
        ("-f /opt/wheels\n", [("find-links", "/opt/wheels")]),
        ("-f https://files.example/all\n", [("find-links", "https://files.example/all")]),
        ("--trusted-host files.example:8080\n", [("trusted-host", "files.example:8080")]),
        (
            "--no-binary Num_Py,six --only-binary=:all:\n",
            [("no-binary", "num-py"), ("no-binary", "six"), ("only-binary", ":all:")],
        ),
        ("--all-releases torch\n", [("all-releases", "torch")]),
    ],
)
def test_settings(text: str, settings: list[tuple[str, str]]) -> None:
    stated = parse(text, PATH)
    assert (stated.requirements, stated.includes) == ((), ())
    assert stated.settings == tuple(Setting(PATH, 1, *setting) for setting in settings)
    assert [setting.is_index for setting in stated.settings] == [
        "index" in name or name in ("find-links", "trusted-host") for name, _ in settings
    ]


def test_settings_are_written_as_pip_reads_them() -> None:
    text = "--pre\n-i https://ann:secret@index.example\n--no-binary six\n"
    arguments = [setting.argument for setting in parse(text, PATH).settings]
    assert arguments == [
        "--pre",
        "--index-url=https://ann:secret@index.example",
        "--no-binary=six",
    ]
    assert parse("\n".join(arguments), PATH) == parse(text, PATH)


PEP_508 = "Write it as PEP 508 has it, such as `name>=1.2`."
OWN_LINE = "Give it a line of its own."


@pytest.mark.parametrize(
    "text,message",
    [
        ("click\n\nrich >=\n", f"3: `rich >=` is not a requirement. {PEP_508}"),
        ("# a\nclick \\\n  ==8 ==9\n", f"2: `click   ==8 ==9` is not a requirement. {PEP_508}"),
        ("click==banana\n", f"1: `click==banana` is not a requirement. {PEP_508}"),
        ("<<<<<<< HEAD\nclick\n", f"1: `<<<<<<< HEAD` is not a requirement. {PEP_508}"),
        (
            "six @ https://[files.example/six.whl\n",
            f"1: `six @ https://[files.example/six.whl` is not a requirement. {PEP_508}",
        ),
        ("click#nospace\n", f"1: `click#nospace` is not a requirement. {PEP_508}"),
        ("cl\x00ick\n", f"1: `cl\x00ick` is not a requirement. {PEP_508}"),
        (
            "git+https://ann:secret@code.example/shop\n",
            "1: `git+https://****@code.example/shop` does not say which project it is."
            " Write `name @ git+https://****@code.example/shop`.",
        ),
        (
            "https://files.example/shop-1.0.tar.gz\n",
            "1: `https://files.example/shop-1.0.tar.gz` does not say which project it is."
            " Write `name @ https://files.example/shop-1.0.tar.gz`.",
        ),
        (
            "click --pre\n",
            "1: the option `--pre` stands behind a requirement, where pip passes over it."
            f" {OWN_LINE}",
        ),
        (
            "--pre click\n",
            f"1: `click` stands behind an option, where pip passes over it. {OWN_LINE}",
        ),
        (
            "-r a.in -r b.in\n",
            "1: the option `--requirement` shares its line, and pip reads only one of them."
            " Give each option a line of its own.",
        ),
        (
            "--banana\n",
            "1: the option `--banana` cannot be read in an input (option --banana not recognized)."
            " Write it as `pip help install` has it, or leave it out.",
        ),
        (
            "-r\n",
            "1: the option `-r` cannot be read in an input (option -r requires argument)."
            " Write it as `pip help install` has it, or leave it out.",
        ),
        (
            "--no-binary :none:\n",
            "1: `:none:` is no project that `--no-binary` could be about."
            " Name projects, or `:all:`; leave `:none:` out, since inputs have no order.",
        ),
        (
            "--extra-index-url index.example\n",
            "1: the value of `--extra-index-url` is not a URL. Write the URL of the index.",
        ),
        (
            "-i https://ann:secret@[index.example\n",
            "1: the value of `--index-url` is not a URL. Write the URL of the index.",
        ),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(TextError) as caught:
        parse(text, PATH)
    assert str(caught.value) == f"{PATH}:{message}"


LOCAL = "is a local path, and a lock holds releases"
LIVE = "Leave it out, since first-party code is imported live, or state a release of it."
FILE = (
    "Offer the file by an index or by `find-links` of pip's configuration, and state its name and"
    " version."
)


@pytest.mark.parametrize(
    "text,mend",
    [
        ("./libs/money", LIVE),
        (".", LIVE),
        ("../money[web]", LIVE),
        ("libs/money ; python_version < '4'", LIVE),
        ("C:\\libs\\money", LIVE),
        ("file:./libs/money", LIVE),
        ("file:///srv/libs/money#egg=money", LIVE),
        ("money @ file:./libs/money", LIVE),
        ("money[web] @ file:///srv/libs/money", LIVE),
        ("money @ libs/money", LIVE),
        ("./wheels/money-1.0-py3-none-any.whl", FILE),
        ("money-1.0.tar.gz", FILE),
        ("money @ file:///srv/money-1.0.zip ; python_version < '4'", FILE),
    ],
)
def test_local_paths_are_refused(text: str, mend: str) -> None:
    with pytest.raises(TextError) as caught:
        parse(f"click\n{text}\n", PATH)
    assert str(caught.value) == f"{PATH}:2: `{text}` {LOCAL}. {mend}"
