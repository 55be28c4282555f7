from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.core.imports import (
    UnownedImport,
    UnownedImportsError,
    near_matches,
    nearest_input,
    split_import_lists,
)
from lockstep.core.transitive import TransitivePin


@pytest.mark.parametrize(
    "source,split",
    [
        ("import a, b\n", "import a; import b\n"),
        ("import a.b as c,d\n", "import a.b as c;import d\n"),
        ("  import a , b, c # d, e\n", "  import a ; import b; import c # d, e\n"),
        ("if x: import a, b\n", "if x: import a; import b\n"),
        ("x = 1; import a, b\n", "x = 1; import a; import b\n"),
        ("import a, \\\n  b\nimport c\n", "import a; \\\n  import b\nimport c\n"),
        ("import a, \\\r\n  b\r\n", "import a; \\\r\n  import b\r\n"),
        ("import a . b, c\n", "import a . b; import c\n"),
        ("import é, ö\n", "import é; import ö\n"),
        ("if x: \\\n  import a, b\n", "if x: \\\n  import a; import b\n"),
        ("# a path: C:\\\nimport a, b\n", "# a path: C:\\\nimport a; import b\n"),
    ],
)
def test_a_list_becomes_imports_on_the_same_lines(source: str, split: str) -> None:
    assert split_import_lists(source) == split
    ast.parse(split.strip())


@pytest.mark.parametrize(
    "source",
    [
        "import a\n",
        "from x import a, b\n",
        "from x \\\n  import a, b\n",
        "from x \\\r\n  import a, b\r\n",
        "from x import (\n  a, b\n)\n",
        "important, b = 1, 2\n",
        "reimport(a, b)\n",
        "x = [a, b]\n",
        "import a, bb  # pants: no-infer-dep\n",
    ],
)
def test_everything_else_stays(source: str) -> None:
    assert split_import_lists(source) == source


NAMES = st.sampled_from(["a", "b.c", "d as e", "f.g as h", "i . j"])
BLANKS = st.sampled_from([" ", "\t", " \\\n  "])
LISTS = st.builds(
    lambda blank, names, comma: f"import{blank}" + comma.join(names),
    BLANKS,
    st.lists(NAMES, min_size=1, max_size=4),
    st.builds(lambda one, two: f"{one},{two}", st.sampled_from(["", " "]), BLANKS),
)
FROMS = st.sampled_from(["from a import b, c", "from . import (a,\n b)", "from a \\\n import b, c"])


@given(st.lists(st.one_of(LISTS, FROMS, st.just("x = 1")), min_size=1).map("\n".join))
def test_the_split_source_imports_the_same_on_the_same_lines(source: str) -> None:
    def imported(text: str) -> list[tuple[str, str, int]]:
        return [
            (getattr(node, "module", None) or "", alias.name, node.end_lineno or 0)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        ]

    split = split_import_lists(source)
    assert [entry[:2] for entry in imported(split)] == [entry[:2] for entry in imported(source)]
    assert split.count("\n") == source.count("\n")
    lists = [n for n in ast.walk(ast.parse(split)) if isinstance(n, ast.Import)]
    assert [len(node.names) for node in lists] == [1] * len(lists)


def test_the_message_names_import_file_near_matches_and_input() -> None:
    error = UnownedImportsError(
        [
            UnownedImport(
                "services/a/src/a/app.py",
                5,
                "starlett",
                near=("starlette",),
                input="services/a/requirements.in",
            ),
            UnownedImport("services/a/src/a/app.py", 2, "pants", resolves=("lockstep",)),
        ]
    )
    assert str(error) == (
        "services/a/src/a/app.py:2: nothing provides the import `pants`"
        " (provided in the resolve `lockstep`)\n"
        "services/a/src/a/app.py:5: nothing provides the import `starlett` (near: `starlette`)."
        " Mend the name, or add the distribution that provides it to services/a/requirements.in"
        " and run `./pants lock`. An import that may fail belongs under `except ImportError`, or"
        " takes the comment `# pants: no-infer-dep`."
    )


def test_a_project_without_an_input_is_told_to_have_one() -> None:
    error = UnownedImportsError([UnownedImport("cmd/a.py", 1, "x")])
    assert str(error) == (
        "cmd/a.py:1: nothing provides the import `x`. Mend the name, or add the distribution that"
        " provides it to a `requirements.in` of its project and run `./pants lock`. An import"
        " that may fail belongs under `except ImportError`, or takes the comment"
        " `# pants: no-infer-dep`."
    )


H11 = TransitivePin("h11", ("services/b/requirements.in", "httpx", "httpcore"))
STATED_BY_NOBODY = UnownedImport(
    "services/a/src/a/app.py", 3, "h11", input="services/a/requirements.in", provider=H11
)


def test_what_only_another_pin_requires_is_to_be_stated() -> None:
    alone = UnownedImport("cmd/a.py", 1, "x.y", provider=TransitivePin("x"))
    assert str(UnownedImportsError([STATED_BY_NOBODY, alone])) == (
        "cmd/a.py:1: the import `x.y` comes from `x`, which is in the lock: add `x` to a"
        " `requirements.in` of its project\n"
        "services/a/src/a/app.py:3: the import `h11` comes from `h11`, which is here only through"
        " services/b/requirements.in > httpx > httpcore: add `h11` to services/a/requirements.in."
        " Then run `./pants lock`. An import that may fail belongs under `except ImportError`, or"
        " takes the comment `# pants: no-infer-dep`."
    )


def test_the_mend_of_a_name_that_nothing_provides_names_its_own_input_alone() -> None:
    unknown = UnownedImport("libs/b/b.py", 1, "starlett", input="libs/b/requirements.in")
    assert str(UnownedImportsError([STATED_BY_NOBODY, unknown])) == (
        "libs/b/b.py:1: nothing provides the import `starlett`\n"
        "services/a/src/a/app.py:3: the import `h11` comes from `h11`, which is here only through"
        " services/b/requirements.in > httpx > httpcore: add `h11` to services/a/requirements.in."
        " Mend the name, or add the distribution that provides it to libs/b/requirements.in and"
        " run `./pants lock`. An import that may fail belongs under `except ImportError`, or takes"
        " the comment `# pants: no-infer-dep`."
    )


KNOWN = ("starlette", "service_setup", "service_setup.health", "service_setup.serve", "httpx")


@pytest.mark.parametrize(
    "module,near",
    [
        ("starlett.routing.Route", ("starlette",)),
        ("service_setup.helth.check", ("service_setup.health",)),
        ("service_setop.health", ("service_setup.health", "service_setup")),
        ("httpxx", ("httpx",)),
        ("numpy", ()),
    ],
)
def test_near_matches(module: str, near: tuple[str, ...]) -> None:
    assert near_matches(module, KNOWN) == near


def test_the_nearest_input_is_in_the_closest_folder_above() -> None:
    inputs = ("a/requirements.in", "a/b/pyproject.toml", "a/b/dev.in", "c/requirements.in")
    assert nearest_input("a/b/src/x.py", inputs) == "a/b/dev.in"
    assert nearest_input("a/src/x.py", inputs) == "a/requirements.in"
    assert nearest_input("ab/x.py", inputs) is None


def test_a_script_states_what_it_imports_itself_and_nothing_for_others() -> None:
    inputs = ("a/requirements.in", "a/tools/report.py")
    assert nearest_input("a/tools/report.py", inputs) == "a/tools/report.py"
    assert nearest_input("a/tools/other.py", inputs) == "a/requirements.in"


def test_a_spec_is_for_the_script_beside_it_alone() -> None:
    inputs = ("a/requirements.in", "a/tools/report.py.spec")
    assert nearest_input("a/tools/report.py", inputs) == "a/tools/report.py.spec"
    assert nearest_input("a/tools/other.py", inputs) == "a/requirements.in"
