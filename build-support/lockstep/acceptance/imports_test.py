"""An import that nothing provides stops what would need it, and nothing else."""

from __future__ import annotations

import pytest

from lockstep.acceptance.monorepo import Monorepo

TOLD = (
    "text/six_test.py:1: nothing provides the import `sixx` (near: `six`)."
    " Mend the name, or add the distribution that provides it to text/inputs.in and run"
    " `./pants lock`. An import that may fail belongs under `except ImportError`, or takes the"
    " comment `# pants: no-infer-dep`."
)


@pytest.fixture
def misspelled(monorepo: Monorepo) -> Monorepo:
    monorepo.write("text/six_test.py", monorepo.read("text/six_test.py").replace("six", "sixx"))
    return monorepo


@pytest.mark.parametrize("goal", ["test", "check", "package", "run"])
def test_it_is_an_error_where_the_code_is_needed(misspelled: Monorepo, goal: str) -> None:
    misspelled.write(
        "text/BUILD",
        misspelled.read("text/BUILD")
        + 'python_sources(name="app", sources=["app.py"])\n'
        + 'pex_binary(name="bin", entry_point="app.py")\n',
    )
    misspelled.write("text/app.py", "import sixx\n")
    told = TOLD.replace("text/six_test.py", "text/app.py")
    targets = {"test": "text/six_test.py", "package": "text:bin"}
    result = misspelled.pants(goal, targets.get(goal, "text/app.py"))
    assert result.exit_code == 1
    assert (TOLD if goal == "test" else told) in result.output
    assert "Traceback" not in result.output


def test_one_that_only_a_transitive_pin_provides_names_project_and_input(
    monorepo: Monorepo,
) -> None:
    monorepo.write("text/six_test.py", "import six\nfrom iniconfig import IniConfig\n")
    result = monorepo.pants("test", "text/six_test.py")
    assert result.exit_code == 1
    assert (
        "text/six_test.py:2: the import `iniconfig.IniConfig` comes from `iniconfig`, which is here"
        " only through 3rdparty/python/tools.in > pytest: add `iniconfig` to text/inputs.in. Then run"
        " `./pants lock`. An import that may fail belongs under `except ImportError`, or takes the"
        " comment `# pants: no-infer-dep`."
    ) in result.output


def test_it_is_a_warning_where_targets_are_only_listed(monorepo: Monorepo) -> None:
    monorepo.write("plain/plain_test.py", "import docoptt\n\ndef test_x() -> None:\n    pass\n")
    result = monorepo.pants("dependencies", "plain/plain_test.py")
    assert result.exit_code == 0
    assert result.output.endswith(
        "[WARN] plain/plain_test.py:1: nothing provides the import `docoptt` (near: `docopt`).\n"
    )


def test_others_are_not_stopped(misspelled: Monorepo) -> None:
    result = misspelled.pants("test", "text/idna_test.py", "plain::")
    assert result.exit_code == 0, result.output


def test_an_import_that_may_fail_is_none(monorepo: Monorepo) -> None:
    monorepo.write(
        "plain/plain_test.py",
        "try:\n    import fast\nexcept ImportError:\n    fast = None\n"
        "import slow  # pants: no-infer-dep\n\n\ndef test_fast() -> None:\n    assert not fast\n",
    )
    result = monorepo.pants("dependencies", "plain/plain_test.py")
    assert (result.exit_code, result.output) == (0, "")


def test_each_name_of_an_import_list_is_a_dependency(monorepo: Monorepo) -> None:
    monorepo.write(
        "text/six_test.py", "import os, six, idna\n\ndef test_all() -> None:\n    pass\n"
    )
    result = monorepo.pants("dependencies", "text/six_test.py")
    assert result.output == "text:inputs#idna\ntext:inputs#six\n"
