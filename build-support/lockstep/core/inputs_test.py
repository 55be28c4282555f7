"""Inputs of every kind, joined with what they include."""

from __future__ import annotations

import pytest

from lockstep.core.errors import LockstepError, TextError
from lockstep.core.inputs import (
    Include,
    Input,
    InputRequirement,
    Inputs,
    PythonRange,
    Setting,
    by_project,
    decoded,
    is_compiled,
    joined,
    parse_input,
    refuse_other_pythons,
    script_of,
    spec_of,
)

PATH = "services/shop/requirements.in"
PYPROJECT = "libs/shared/money/pyproject.toml"


def read(**files: str) -> dict[str, Input]:
    """Inputs by path; `a__b_in` stands for `a/b.in`."""
    named = {f"{'/'.join(p.split('__'))}".replace("_", "."): t for p, t in files.items()}
    return {path: parse_input(text, path) for path, text in named.items()}


def at(place: str, text: str) -> InputRequirement:
    path, _, line = place.rpartition(":")
    return InputRequirement(path, int(line), text)


def test_kind_of_a_file_follows_from_its_name() -> None:
    project = '[project]\ndependencies = ["click"]\n'
    assert parse_input(project, PYPROJECT).requirements == (
        InputRequirement(PYPROJECT, 2, "click", tables=("project.dependencies",)),
    )
    script = '# /// script\n# dependencies = ["click"]\n# ///\n'
    assert parse_input(script, "tools/x.py").requirements == (at("tools/x.py:2", "click"),)
    for path in (PATH, "libs/my-pyproject.toml", "tools/x.py.txt", "tools/x.py.spec"):
        assert parse_input("click\n", path).requirements == (at(f"{path}:1", "click"),)


def test_the_script_that_an_input_is_for_follows_from_its_name() -> None:
    assert script_of("tools/x.py") == script_of(spec_of("tools/x.py")) == "tools/x.py"
    for path in (PATH, "tools/x.spec", "tools/py.spec", "tools/x.py.spec.in"):
        assert script_of(path) is None


@pytest.mark.parametrize("text", ["click\n", "\ufeffclick\n", "\ufeff# of an editor\nclick\n"])
def test_byte_order_mark_is_passed_over(text: str) -> None:
    assert [stated.text for stated in parse_input(text, PATH).requirements] == ["click"]


@pytest.mark.parametrize(
    "name,mend",
    [
        (
            "setup.py",
            "State its requirements in a pyproject.toml or in requirements.txt format.",
        ),
        ("poetry.lock", "Name the file that it was made from."),
    ],
)
def test_files_of_other_tools_are_refused(name: str, mend: str) -> None:
    with pytest.raises(TextError) as caught:
        parse_input("", f"libs/{name}")
    assert str(caught.value) == f"libs/{name}:1: a `{name}` is not read as an input. {mend}"


def test_bytes_are_read_as_utf_8() -> None:
    assert decoded("# schön\n".encode(), PATH) == "# schön\n"
    assert decoded(b"\xef\xbb\xbfclick\n", PATH) == "\ufeffclick\n"


@pytest.mark.parametrize(
    "data,fault",
    [
        (b"click\n# sch\xf6n\n", "2: the line holds bytes that are not UTF-8"),
        (b"\xf6", "1: the line holds bytes that are not UTF-8"),
        ("click\n".encode("utf-16"), "1: the file is in UTF-16 or UTF-32, not in UTF-8"),
        ("click\n".encode("utf-32"), "1: the file is in UTF-16 or UTF-32, not in UTF-8"),
    ],
)
def test_other_bytes_are_refused(data: bytes, fault: str) -> None:
    with pytest.raises(TextError) as caught:
        decoded(data, PATH)
    assert str(caught.value) == f"{PATH}:{fault}. Save it as UTF-8."


def test_includes_are_named_from_the_build_root() -> None:
    text = "-r base.in\n--requirement=../shared.in\n-c ../../bounds/c.txt\n"
    assert parse_input(text, PATH).includes == (
        Include(PATH, 1, "services/shop/base.in"),
        Include(PATH, 2, "services/shared.in"),
        Include(PATH, 3, "bounds/c.txt", constraint=True),
    )


def test_everything_is_joined_in_the_order_of_reading_and_once() -> None:
    files = read(
        x__a_in="-r b.in\nclick\n-c c.txt\n--pre\n--extra-index-url https://one.example\n",
        x__b_in="rich\n--prefer-binary\n-r ../d.in\n",
        x__c_txt="rich<14\nclick==8 --hash=sha256:" + "ab" * 32 + "\n--pre\n-r ../e.in\n",
        d_in="six\n--extra-index-url https://two.example\n",
        e_in="attrs\n",
    )
    assert joined(["x/a.in", "x/b.in", "d.in"], files) == Inputs(
        requirements=(
            at("x/a.in:2", "click"),
            at("x/b.in:1", "rich"),
            at("d.in:1", "six"),
            at("e.in:1", "attrs"),
        ),
        constraints=(
            at("x/c.txt:1", "rich<14"),
            InputRequirement("x/c.txt", 2, "click==8", (f"sha256:{'ab' * 32}",)),
        ),
        settings=(
            Setting("x/a.in", 4, "pre"),
            Setting("x/a.in", 5, "extra-index-url", "https://one.example"),
            Setting("x/b.in", 2, "prefer-binary"),
            Setting("d.in", 2, "extra-index-url", "https://two.example"),
        ),
        files=("x/a.in", "x/b.in", "d.in", "x/c.txt", "e.in"),
    )


def test_what_is_required_is_no_constraint_beside() -> None:
    files = read(a_in="-r b.in\n-c b.in\n", b_in="click<9\n")
    assert joined(["a.in"], files) == Inputs(
        requirements=(at("b.in:1", "click<9"),), files=("a.in", "b.in")
    )


def test_what_a_project_is_built_with_is_required() -> None:
    text = '[build-system]\nrequires = ["setuptools>=61"]\n'
    stated = InputRequirement(PYPROJECT, 2, "setuptools>=61", tables=("build-system.requires",))
    assert joined([PYPROJECT], {PYPROJECT: parse_input(text, PYPROJECT)}) == Inputs(
        requirements=(stated,), files=(PYPROJECT,)
    )


def test_long_chains_of_includes_are_read() -> None:
    files = {f"{n}.in": parse_input(f"-r {n + 1}.in\n", f"{n}.in") for n in range(3000)}
    files["3000.in"] = parse_input("click\n", "3000.in")
    assert joined(["0.in"], files).requirements == (at("3000.in:1", "click"),)


@pytest.mark.parametrize(
    "files,message",
    [
        (
            {"a_in": "# x\n-r b.in\n"},
            "a.in:2: `b.in` is included, but there is no such file. Correct its path, which is"
            " read from this file's folder; ignored files do not count.",
        ),
        (
            {"a_in": "-r b.in\n", "b_in": "\n-c c.in\n", "c_in": "-r b.in\n"},
            "c.in:1: the file includes itself (b.in -> c.in -> b.in)."
            " Take one include out of the circle.",
        ),
        (
            {"a_in": "-r x/../a.in\n"},
            "a.in:1: the file includes itself (a.in -> a.in). Take one include out of the circle.",
        ),
        (
            {"a_in": "-c b.in\n", "b_in": "rich\nclick[a]<9\n"},
            "b.in:2: `click[a]<9` is a constraint, and as one it can have no extras."
            " Leave the extras out: a constraint only bounds versions.",
        ),
    ],
)
def test_faults_between_files(files: dict[str, str], message: str) -> None:
    with pytest.raises(TextError) as caught:
        joined(["a.in"], read(**files))
    assert str(caught.value) == message


def test_input_that_is_not_there() -> None:
    with pytest.raises(LockstepError) as caught:
        joined(["a.in"], {})
    assert str(caught.value) == (
        "a.in is an input, but there is no such file. Correct the `source` of its target."
    )


AGREE = "Make them agree, or take one out."


@pytest.mark.parametrize(
    "one,other,shown_one,shown_other",
    [
        (
            "-i https://ann:secret@one.example/simple",
            "--index-url https://bob:hush@two.example/simple",
            "--index-url=https://****@one.example/simple",
            "--index-url=https://****@two.example/simple",
        ),
        (
            "--no-index",
            "-i https://one.example",
            "--no-index",
            "--index-url=https://one.example",
        ),
        (
            "--extra-index-url https://one.example",
            "--no-index",
            "--extra-index-url=https://one.example",
            "--no-index",
        ),
        (
            "--no-binary NumPy,x",
            "--only-binary y,numpy",
            "--no-binary=numpy",
            "--only-binary=numpy",
        ),
        ("--no-binary :all:", "--only-binary :all:", "--no-binary=:all:", "--only-binary=:all:"),
        ("--all-releases a", "--only-final A", "--all-releases=a", "--only-final=a"),
        ("--pre", "--only-final :all:", "--pre", "--only-final=:all:"),
    ],
)
def test_settings_that_contradict_each_other(
    one: str, other: str, shown_one: str, shown_other: str
) -> None:
    with pytest.raises(TextError) as caught:
        joined(["a.in", "b.in"], read(a_in=f"click\n{one}\n", b_in=f"{other}\n"))
    assert str(caught.value) == (
        f"b.in:1: `{shown_other}` contradicts `{shown_one}` of a.in:2, and both would hold for"
        f" the whole resolve. {AGREE}"
    )


@pytest.mark.parametrize(
    "one,other",
    [
        ("-i https://one.example/simple", "-i https://one.example/simple/"),
        ("--no-binary :all:", "--only-binary numpy"),
        ("--pre", "--only-final numpy"),
        ("--no-index", "--find-links https://one.example/files"),
    ],
)
def test_settings_that_agree(one: str, other: str) -> None:
    joined(["a.in", "b.in"], read(a_in=one, b_in=other))


def test_values_never_show_credentials() -> None:
    text = "-i https://ann:secret@one.example\nsix @ https://bob:hush@two.example/six.whl\n"
    assert repr(parse_input(text, "a.in")) == (
        "Input(path='a.in', requirements=(InputRequirement(path='a.in', line=2,"
        " text='six @ https://****@two.example/six.whl', hashes=(), tables=()),),"
        " includes=(), settings=(Setting(path='a.in', line=1,"
        " option='index-url', value='https://****@one.example'),), requires_python=None)"
    )


@pytest.mark.parametrize(
    "text,compiled",
    [
        ("# This file is autogenerated by pip-compile with Python 3.11\nclick\n", True),
        ("# This file was autogenerated by uv via the following command:\n", True),
        ("# Lockstep lock, format 1. Do not edit: `./pants lock` writes it.\n", True),
        (f"click==8.1 \\\n    --hash=sha256:{'0' * 64}\nrich===13\n", True),
        ("click==8.1 ; python_version < '4'\nsix @ https://files.example/six.whl\n", True),
        ("click==8.1\nrich\n", False),
        ("click==8.*\n", False),
        ("click==8.1,<9\n", False),
        ("", False),
        ("-r base.in\n", False),
        ("click==\n", False),
    ],
)
def test_compiled_files_are_recognised(text: str, compiled: bool) -> None:
    assert is_compiled(text) is compiled


def test_place() -> None:
    assert InputRequirement(PATH, 3, "click").place == f"{PATH}:3"
    assert InputRequirement(PYPROJECT, 0, "click").place == PYPROJECT


def test_a_project_is_one_however_often_and_however_it_is_spelled() -> None:
    stated = parse_input(
        "Ruamel.yaml>=0.17\nhttpx\nruamel_yaml[x] <1 ; os_name == 'nt'\nhttpx\nhttpx[http2]\n",
        PATH,
    )
    assert by_project(stated.requirements) == {
        "Ruamel.yaml": ("Ruamel.yaml>=0.17", "Ruamel.yaml[x] <1 ; os_name == 'nt'"),
        "httpx": ("httpx", "httpx[http2]"),
    }


def test_files_that_were_read_are_named_in_order() -> None:
    files = read(a="-c c\n-r b\n", b="-c c\n", c="click\n")
    assert joined(["a"], files).files == ("a", "c", "b")


@pytest.mark.parametrize("python", [">=3.9", "==3.11.*", ">3.11.4", "~=3.11.2", ""])
def test_a_python_that_any_release_of_the_resolve_is_in_is_fine(python: str) -> None:
    script = f'# /// script\n# requires-python = "{python}"\n# ///\n'
    refuse_other_pythons(joined(["x.py"], {"x.py": parse_input(script, "x.py")}), ["3.11"])


@pytest.mark.parametrize("python", [">=3.12", "<3.11", "==3.10.*", "!=3.11.*"])
def test_a_file_for_another_python_is_refused(python: str) -> None:
    project = f'[project]\nrequires-python = "{python}"\n'
    inputs = joined([PYPROJECT], {PYPROJECT: parse_input(project, PYPROJECT)})
    assert inputs.pythons == (PythonRange(PYPROJECT, 2, python),)
    refuse_other_pythons(inputs, ["3.10", "3.11", "3.12"])
    with pytest.raises(TextError) as caught:
        refuse_other_pythons(inputs, ["3.11"])
    assert str(caught.value) == (
        f"{PYPROJECT}:2: the file is for Python `{python}`, and its resolve is for 3.11."
        " Give its target another resolve, or widen the range."
    )
