"""`--changed-since` selects what would miss the cache, and nothing else."""

from __future__ import annotations

import json
import re
from typing import Mapping

from lockstep.acceptance.bump_test import pinned
from lockstep.acceptance.changes import ALL, APP, Repository
from lockstep.acceptance.monorepo import LOCK, Result

SIX_1_15 = """\
six==1.15.0 \\
    --hash=sha256:30639c035cdb23534cd4aa2dd52c3bf48f06e5f4a941509c8bafd8ce11080259 \\
    --hash=sha256:8b74bedcbbbaca38ff6d7491d76f2b06b3592611af620f8426e82dddb04a5ced
"""
"""A release that no other test installs: all share a store, and what is in it is not built anew."""

SIX_1_14 = """\
six==1.14.0 \\
    --hash=sha256:236bdbdce46e6e6a3d61a337c0f8b763ca1e8717c03b369e87a7ec7ce1319c0a \\
    --hash=sha256:8f3cd2e254d8f793e7f3d6d9df77b92252b52637291d0f0da013c76ea2724b6c
"""
"""Another one."""

_TRANSITIVE = ("--changed-since=HEAD", "--changed-dependents=transitive")


def check(repository: Repository, expected: set[str]) -> Result:
    """The tests selected are those expected, and those that run where all are asked for."""
    assert repository.tests() == expected
    tested = repository.monorepo.pants("test", "::")
    assert tested.tests_run() == expected, tested.output
    return tested


def test_nothing_changed(repository: Repository) -> None:
    check(repository, set())
    assert repository.affected() == []
    listed = repository.monorepo.pants("--changed-since=HEAD", "list")
    assert "No targets were matched" in listed.output


def test_a_pin(repository: Repository) -> None:
    repository.monorepo.write(LOCK, pinned(repository.monorepo.read(LOCK), SIX_1_15))
    check(repository, {"dates/dates_test.py", "text/six_test.py", "app/ring_test.py"})
    assert repository.why("dates/dates_test.py") == (
        "six 1.17.0 → 1.15.0 ← python-dateutil ← dates/dates_test.py"
    )
    assert re.fullmatch(
        r"six 1\.17\.0 → 1\.15\.0 ← lib/ring_b\.py ← lib/ring_a\.py ← app/ring_test\.py",
        repository.why("app/ring_test.py"),
    )


def test_a_pin_where_locks_are_targets(repository: Repository) -> None:
    """As by default: all requirement targets then depend on the target of their lock."""
    repository.edit("pants.toml", "enable_lockfile_targets = false\n", "")
    repository.git("commit", "-qam", "targets")
    repository.monorepo.write(LOCK, pinned(repository.monorepo.read(LOCK), SIX_1_14))
    check(repository, {"dates/dates_test.py", "text/six_test.py", "app/ring_test.py"})


def test_comments_and_order_of_lock_and_inputs(repository: Repository) -> None:
    lock = repository.monorepo.read(LOCK)
    repository.monorepo.write(LOCK, lock.replace("\n\n", "\n# a remark\n\n", 1))
    repository.monorepo.write("text/inputs.in", "docopt  # why\n\nidna >= 3.7\nsix\n")
    check(repository, set())


def test_another_range_with_the_same_pin(repository: Repository) -> None:
    repository.edit("text/inputs.in", "idna>=3.7", "idna>=3.6")
    check(repository, set())


def test_a_requirement_that_goes(repository: Repository) -> None:
    repository.edit("text/inputs.in", "idna>=3.7\n", "")
    assert repository.tests() == {"text/idna_test.py"}
    assert (
        repository.why("text/idna_test.py")
        == "idna removed from text/inputs.in ← text/idna_test.py"
    )


def test_a_requirement_of_the_spec_beside_a_script(repository: Repository) -> None:
    build = repository.monorepo.read("lib/BUILD")
    spec = 'python_requirements(name="ini-requirements", source="ini.py.spec")\n'
    repository.monorepo.write("lib/BUILD", build + spec)
    repository.monorepo.write("lib/ini.py.spec", "iniconfig\n")
    repository.monorepo.write("lib/ini.py", "import iniconfig\n")
    repository.edit("app/name_test.py", "from name", "import ini\nfrom name")
    repository.git("add", "-A")
    repository.git("commit", "-qm", "script")
    assert repository.tests() == set()
    repository.monorepo.write("lib/ini.py.spec", "iniconfig>=1  # the same pin\n")
    assert repository.tests() == set()
    repository.monorepo.write("lib/ini.py.spec", "idna\n")
    assert repository.tests() == {"app/name_test.py"}
    assert repository.why("app/name_test.py") == (
        "iniconfig removed from lib/ini.py.spec ← lib/ini.py ← app/name_test.py"
    )


def test_an_input_that_goes_with_its_target(repository: Repository) -> None:
    repository.git("rm", "-q", "text/inputs.in")
    repository.monorepo.write("text/BUILD", "python_tests()\n")
    # six is stated nowhere else; nothing of `dates` depends on what `text` states.
    assert repository.tests() == {
        *("app/ring_test.py", "text/docopt_test.py", "text/idna_test.py", "text/six_test.py"),
    }
    listed = repository.monorepo.pants(*_TRANSITIVE, "list")
    assert listed.exit_code == 0, listed.output


def test_a_project_that_another_input_states_too(repository: Repository) -> None:
    repository.edit("dates/inputs.in", "post0", "post0\nidna")
    repository.edit("text/inputs.in", "idna>=3.7\n", "")
    check(repository, set())


def test_a_source_in_a_ring(repository: Repository) -> None:
    repository.edit("lib/ring_b.py", "import six", "import six  # x")
    check(repository, {"app/ring_test.py"})
    assert repository.why("app/ring_test.py") == (
        "lib/ring_b.py changed ← lib/ring_a.py ← app/ring_test.py"
    )


def test_a_deleted_module(repository: Repository) -> None:
    repository.git("rm", "-q", "lib/name.py")
    assert repository.tests() == {"app/name_test.py"}
    assert repository.why("app/name_test.py") == "lib/name.py deleted ← app/name_test.py"


def test_a_renamed_module_and_its_importer(repository: Repository) -> None:
    repository.git("mv", "lib/name.py", "lib/names.py")
    repository.edit("app/name_test.py", "from name", "from names")
    check(repository, {"app/name_test.py"})


def test_a_module_that_makes_an_import_lead_elsewhere(repository: Repository) -> None:
    repository.monorepo.write("plain/name.py", "NAME = 'name'\n")
    repository.monorepo.write("plain/BUILD", "python_tests()\npython_sources(name='lib')\n")
    assert repository.tests() == {"app/name_test.py"}


def test_odd_names(repository: Repository) -> None:
    for name in ("x y", "größe"):
        repository.monorepo.write(
            f"app/{name}_test.py", "def test_it() -> None:\n    assert True\n"
        )
    check(repository, {"app/x y_test.py", "app/größe_test.py"})


def test_a_deleted_test_selects_no_sibling(repository: Repository) -> None:
    repository.git("rm", "-q", "app/name_test.py")
    check(repository, set())


def test_a_conftest_that_goes_and_its_content(repository: Repository) -> None:
    repository.edit("app/conftest.py", "pytest", "# x\npytest")
    check(repository, APP)
    repository.git("reset", "-q", "--hard")
    repository.git("rm", "-q", "app/conftest.py")
    check(repository, APP)


def test_a_plugin_that_only_a_string_names(repository: Repository) -> None:
    repository.monorepo.write("lib/plugins.py", "import pytest\n")
    check(repository, APP)
    assert repository.why("app/name_test.py") == (
        "lib/plugins.py changed ← app/conftest.py ← app/name_test.py"
    )


def test_an_init_that_gets_content(repository: Repository) -> None:
    repository.monorepo.write("lib/pack/__init__.py", "X = 1\n")
    check(repository, {"app/pack_test.py"})
    repository.git("commit", "-qam", "filled")
    repository.monorepo.write("lib/pack/__init__.py", "")
    assert repository.tests() == {"app/pack_test.py"}


def test_data(repository: Repository) -> None:
    repository.monorepo.write("lib/data.txt", "other\n")
    check(repository, {"app/data_test.py"})
    assert repository.why("app/data_test.py") == (
        "lib/data.txt changed ← lib:data ← app/data_test.py"
    )
    repository.monorepo.write("lib/more.txt", "more\n")
    repository.git("checkout", "-q", "lib/data.txt")
    check(repository, {"app/data_test.py"})


def test_build_files_count_by_what_they_mean(repository: Repository) -> None:
    build = repository.monorepo.read("app/BUILD")
    repository.monorepo.write("app/BUILD", f"# why\n{build}\nresources(name='r', sources=['z'])\n")
    repository.edit("lib/BUILD", "python_sources()", "python_sources(description='libs')")
    assert repository.tests() == set()
    repository.git("reset", "-q", "--hard")
    repository.edit("app/BUILD", "overrides={", "overrides={'name_test.py': {'timeout': 99}, ")
    assert repository.tests() == {"app/name_test.py"}
    repository.git("reset", "-q", "--hard")
    repository.edit("lib/BUILD", "python_sources()", "python_sources(sources=['ring*.py'])")
    assert repository.tests() == APP
    assert repository.why("app/name_test.py") == ("lib:lib sources changed ← app/name_test.py")
    repository.git("reset", "-q", "--hard")
    repository.edit("app/BUILD", "python_tests(", "python_tests(extra_env_vars=['A=1'], ")
    check(repository, APP)
    assert repository.why("app/name_test.py") == (
        "app:app extra_env_vars changed ← app/name_test.py"
    )


def test_defaults_reach_what_is_below(repository: Repository) -> None:
    repository.monorepo.write(
        "BUILD", "__defaults__({python_tests: dict(extra_env_vars=['B=1'])})\n"
    )
    check(repository, ALL)


def test_options_count_for_who_reads_them(repository: Repository) -> None:
    repository.edit("pants.toml", "[mypy]", '[mypy]\nargs = ["--pretty"]')
    check(repository, set())
    assert repository.affected("--goal=check") != []
    repository.git("reset", "-q", "--hard")
    repository.edit("pants.toml", '"--quiet"', '"--verbose"')
    check(repository, ALL)
    assert repository.why("text/six_test.py") == (
        "pants.toml [pytest].args changed ← text/six_test.py"
    )


def test_no_revision_selects_everything_and_says_so(repository: Repository) -> None:
    result = repository.monorepo.pants("--changed-since=nowhere", "list")
    assert result.exit_code == 0
    assert (
        "Selected all in reach of all goals: git knows no revision `nowhere`. Fetch it, or correct"
        " the name. Until then everything counts as affected.\n"
    ) in result.output
    assert ALL <= set(result.output.splitlines())


def test_an_unreadable_lock_at_the_base_selects_everything(repository: Repository) -> None:
    lock = repository.monorepo.read(LOCK)
    repository.monorepo.write(LOCK, "nonsense\n")
    repository.git("commit", "-qam", "broken")
    repository.monorepo.write(LOCK, lock)
    assert repository.tests() == ALL


def test_formats(repository: Repository) -> None:
    matrix = ("--goal=test", "--format=github")
    assert repository.affected(*matrix) == ['{"include":[]}']
    repository.edit("lib/ring_b.py", "import six", "import six  # x")
    repository.edit("lib/name.py", "'name'", "'other'")
    names = ["app/name_test.py", "app/ring_test.py"]
    document = json.loads("\n".join(repository.affected("--goal=test", "--format=json")))
    assert document["affected"][-1] == {
        "target": "lib/ring_b.py",
        "type": "python_source",
        "cause": {"kind": "source", "reach": "all", "text": "lib/ring_b.py changed"},
        "path": ["lib/ring_b.py"],
    }
    assert set(names) < {affected["target"] for affected in document["affected"]}
    # Of these only the tests are work for `test`.
    assert repository.affected(*matrix) == [
        '{"include":[{"shard":1,"count":2,"seconds":null,"targets":"' + " ".join(names) + '"}]}'
    ]
    tested = repository.monorepo.pants("test", "--report", "app/ring_test.py")
    assert tested.exit_code == 0, tested.output
    reports = "--durations=dist/test/reports/*.xml"
    (line,) = repository.affected(*matrix, "--shards=5", reports)
    jobs = json.loads(line)["include"]
    assert [job["targets"] for job in jobs] == names
    # The one that is not recorded weighs the median, which here is the other.
    assert jobs[0]["seconds"] == jobs[1]["seconds"] > 0

    repository.affected("--format=html", "--output-file=dist/affected.html")
    page = repository.monorepo.read("dist/affected.html")
    assert page.startswith("<!DOCTYPE html>") and page.endswith("</html>\n")
    assert "<small>lib/name.py changed &#8592; app/name_test.py</small>" in page
    assert "color-scheme" in page and "addEventListener" in page


def test_exit_codes_and_options_at_odds(repository: Repository) -> None:
    for options, stdout, stderr in (
        (("--fail-if-empty",), "", ""),
        (("--format=github", "--fail-if-empty"), '{"include":[]}\n', ""),
        (
            ("--format=github", "--shards=0"),
            "",
            "A matrix has from 1 to 256 jobs, not 0. Give `--shards` such a number.\n",
        ),
        (
            ("--shards=2",),
            "",
            "`--shards` is for a matrix of jobs. Add `--format=github`, or drop it.\n",
        ),
        (
            ("--output-file=lib",),
            "",
            "lib cannot be written: Is a directory. Give `--output-file` another path.\n",
        ),
    ):
        result = repository.monorepo.pants("affected", *options)
        assert (result.exit_code, result.stdout, result.stderr) == (1, stdout, stderr)


def test_what_is_remembered_from_call_to_call(repository: Repository) -> None:
    """`affected` remembers nothing, so it has to come to the same."""
    bumped = pinned(repository.monorepo.read(LOCK), SIX_1_15)
    build = repository.monorepo.read("app/BUILD").replace("//lib:data", "//lib/name.py")
    states: tuple[Mapping[str, str], ...] = (
        {"lib/ring_b.py": "import ring_a\n"},
        {"lib/name.py": "import ring_b\nNAME = 'name'\n"},
        {"lib/name.py": "NAME = 'name'\n", "lib/ring_a.py": ""},
        {"app/BUILD": build},
    )

    def selected(files: Mapping[str, str]) -> Result:
        repository.reset()
        for path, text in files.items():
            repository.monorepo.write(path, text)
        return repository.monorepo.pants("-ldebug", *_TRANSITIVE, "list")

    # A daemon keeps the level of its first call, which has other variables than those behind it.
    repository.monorepo.stop()
    assert any(_remembered(selected(states[0])) for _ in range(5))
    remembered = []
    for files in (*states, *states):
        for changed in ({**files, LOCK: bumped}, files):
            listed = selected(changed)
            assert listed.stdout.splitlines() == repository.affected("-ldebug")
            remembered.append(_remembered(listed))
    assert remembered == [True, True] + [False, True] * 3 + [True, True] * 4


def _remembered(listed: Result) -> bool:
    return "Who depends on what is remembered from an earlier call." in listed.stderr
