"""A project may be stated in as many inputs as it likes."""

from __future__ import annotations

from lockstep.acceptance.monorepo import GRAPH, LOCK, Monorepo


def test_a_project_of_several_inputs_is_one_pin_and_never_ambiguous(monorepo: Monorepo) -> None:
    monorepo.write(
        "plain/BUILD", 'python_tests()\npython_requirement(name="six", requirements=["six"])\n'
    )
    monorepo.write(
        "plain/plain_test.py", "import six\n\n\ndef test_six() -> None:\n    assert six\n"
    )
    monorepo.write("other/BUILD", "python_tests()\n")
    monorepo.write(
        "other/other_test.py", "import six\n\n\ndef test_six() -> None:\n    assert six\n"
    )
    depending = monorepo.pants(
        "dependencies", "plain/plain_test.py", "text/six_test.py", "other/other_test.py"
    )
    assert (depending.exit_code, depending.stdout) == (0, "plain:six\ntext:inputs#six\n")
    assert "ambiguous" not in depending.stderr
    assert monorepo.pants("dependencies", "other/other_test.py").output == "plain:six\n"

    tested = monorepo.pants("test", "plain/plain_test.py")
    assert tested.exit_code == 0, tested.output
    assert "ambiguous" not in tested.output


def test_inputs_include_files_and_take_bounds_hashes_and_settings(monorepo: Monorepo) -> None:
    monorepo.write("other/BUILD", 'python_requirements(source="a.in")\n')
    monorepo.write("other/a.in", "pluggy  # ours\n-r more/b.in\n-c more/c.txt\n--prefer-binary\n")
    monorepo.write("other/more/b.in", "-r ../more/d.in\n\nidna  # unbounded\n")
    monorepo.write("other/more/c.txt", "idna<3.8\nnever-required==1\n")
    monorepo.write("other/more/d.in", "iniconfig>=2\n")
    result = monorepo.pants("lock")
    assert result.exit_code == 0, result.output
    lock = monorepo.read(LOCK)
    assert "\nidna==3.7 " in lock, lock
    assert "    #   -c other/more/c.txt\n    #   -r other/more/b.in\n" in lock
    assert "    #   -r other/more/d.in\n" in lock
    assert "never-required" not in lock
    assert monorepo.pants("lock", "--check").exit_code == 0

    monorepo.write("other/more/d.in", f"iniconfig>=2 --hash=sha256:{'0' * 64}\n")
    result = monorepo.pants("lock")
    assert result.exit_code == 1
    assert "other/more/d.in:1: the hashes of `iniconfig>=2` fit no file of" in result.output

    monorepo.write("other/more/d.in", "iniconfig>=2\n--only-binary docopt\n")
    result = monorepo.pants("lock")
    assert result.exit_code == 1
    assert "No release of `docopt` fits: correct text/inputs.in:3" in result.output  # no wheel
    assert monorepo.read(LOCK) == lock


def test_the_check_notices_bounds_hashes_and_settings_but_no_comment(monorepo: Monorepo) -> None:
    monorepo.write("other/BUILD", 'python_requirements(source="a.in")\n')
    monorepo.write("other/a.in", "six\n-c c.txt\n")
    monorepo.write("other/c.txt", "six<2\nidna>=3\n")
    assert monorepo.pants("lock").exit_code == 0

    def checked(**files: str) -> list[str]:
        for name, text in files.items():
            monorepo.write(f"other/{name.replace('_', '.')}", text)
        return monorepo.pants("lock", "--check").output.splitlines()

    mend = "Run `./pants lock` to mend the lock."
    stale = f"{LOCK}:3: the inputs or interpreters changed since the lock was resolved"
    fits = [f"{LOCK} fits its inputs."]
    assert checked(a_in="-c c.txt  # why\n\nsix\n", c_txt="idna >= 3\n# why\nsix<2\n") == fits
    assert checked(c_txt="six<3\nidna>=3\n") == [stale, mend]
    assert checked(c_txt="six<2\n") == [stale, mend]
    line = monorepo.read(LOCK).splitlines().index("six==1.17.0 \\") + 1
    assert checked(c_txt="six<1.17\n") == [
        f"other/c.txt:1: `six<1.17` does not allow `six==1.17.0` in line {line}",
        mend,
    ]
    assert checked(c_txt="six<2\nidna>=3\n") == fits
    assert checked(a_in="six\n-c c.txt\n--prefer-binary\n") == [stale, mend]
    assert checked(a_in=f"six --hash=sha256:{'0' * 64}\n-c c.txt\n") == [stale, mend]

    monorepo.path(GRAPH).unlink()
    assert checked(a_in="six\n-c c.txt\n")[-2:] == [  # behind a warning
        f"{GRAPH}: the graph of {LOCK} is missing",
        mend,
    ]


def test_groups_builds_and_scripts_have_targets_and_are_locked(monorepo: Monorepo) -> None:
    monorepo.write("other/BUILD", "python_sources()\n")
    monorepo.write(
        "other/pyproject.toml",
        '[build-system]\nrequires = ["pluggy"]\n'
        '[project]\nname = "other"\nversion = "1"\n[project.optional-dependencies]\n'
        'text = ["six"]\n[dependency-groups]\nall = [{include-group = "more"}]\n'
        'more = ["iniconfig>=2"]\n',
    )
    monorepo.write("other/grouped.py", "import iniconfig, pluggy, six\n")
    monorepo.write(
        "other/tool.py",
        '# /// script\n# requires-python = ">=3.9"\n# dependencies = [\n#   "idna>=3.7",\n# ]\n'
        '# ///\nimport idna\n\nprint(idna.encode("a.example").decode())\n',
    )
    scripts = '--lockstep-scripts=["other/*.py"]'
    tailored = monorepo.pants(scripts, "tailor", "other:")
    assert tailored.exit_code == 0, tailored.output
    assert monorepo.read("other/BUILD") == (
        "python_sources()\n\n"
        'python_requirements(\n    name="pyproject",\n    source="pyproject.toml",\n)\n\n'
        'python_requirements(\n    name="tool-requirements",\n    source="tool.py",\n)\n'
    )
    assert monorepo.pants(scripts, "tailor", "--check", "other:").exit_code == 0
    depending = monorepo.pants("dependencies", "other/grouped.py", "other/tool.py:other")
    assert depending.output == (
        "other:pyproject#iniconfig\nother:pyproject#pluggy\nother:pyproject#six\n"
        "other:tool-requirements#idna\n"
    )

    locked = monorepo.pants("lock")
    assert locked.exit_code == 0, locked.output
    lock = monorepo.read(LOCK)
    assert "    #   -r other/tool.py\n    #   -r text/inputs.in\n" in lock  # idna
    assert "    #   -r other/pyproject.toml\n    #   -r text/inputs.in\n" in lock  # six
    assert lock.count("    #   -r other/pyproject.toml\n    #   pytest\n") == 2
    assert monorepo.pants("lock", "--check").output == f"{LOCK} fits its inputs.\n"
    ran = monorepo.pants("run", "other/tool.py")
    assert (ran.exit_code, ran.stdout) == (0, "a.example\n"), ran.output

    monorepo.write("other/tool.py", monorepo.read("other/tool.py").replace("3.9", "3.12"))
    result = monorepo.pants("lock")
    assert result.exit_code == 1
    assert (
        "other/tool.py:2: the file is for Python `>=3.12`, and its resolve is for 3.11. Give its"
        " target another resolve, or widen the range."
    ) in result.output


def test_the_spec_beside_a_script_is_locked_and_runs_it(monorepo: Monorepo) -> None:
    monorepo.write("other/BUILD", "python_sources()\n")
    monorepo.write("other/tool.py.spec", "idna>=3.7\ncertifi  # nobody else requires it\n")
    monorepo.write(
        "other/tool.py", 'import certifi, idna\n\nprint(idna.encode("a.example").decode())\n'
    )
    tailored = monorepo.pants("tailor", "other:")
    assert tailored.exit_code == 0, tailored.output
    assert monorepo.read("other/BUILD") == (
        "python_sources()\n\n"
        'python_requirements(\n    name="tool-requirements",\n    source="tool.py.spec",\n)\n'
    )
    unlocked = monorepo.py("other/tool.py")
    assert (unlocked.exit_code, unlocked.output) == (
        1,
        f"py: error: other/tool.py.spec:2: {LOCK} has no pin for `certifi`. Run `./pants lock` to"
        " bring the lock up to date.\n",
    )
    locked = monorepo.pants("lock")
    assert locked.exit_code == 0, locked.output
    assert "    #   -r other/tool.py.spec\n    #   -r text/inputs.in\n" in monorepo.read(LOCK)
    assert "    # via -r other/tool.py.spec\n" in monorepo.read(LOCK)
    depending = monorepo.pants("dependencies", "other/tool.py:other")
    assert depending.output == ("other:tool-requirements#certifi\nother:tool-requirements#idna\n")
    ran = monorepo.pants("run", "other/tool.py")
    assert (ran.exit_code, ran.stdout) == (0, "a.example\n"), ran.output
    ran = monorepo.py("other/tool.py")
    assert (ran.exit_code, ran.stdout) == (0, "a.example\n"), ran.output


def test_what_an_input_includes_has_to_be_there_and_no_index(monorepo: Monorepo) -> None:
    monorepo.write("other/BUILD", 'python_requirements(source="a.in")\n')
    monorepo.write("other/a.in", "idna\n-r b.in\n")
    result = monorepo.pants("lock", "--check")
    assert result.exit_code == 1
    assert "other/a.in:2: `other/b.in` is included, but there is no such file." in result.output

    monorepo.write("other/a.in", "# nothing but\n-r ../text/inputs.in\n")
    result = monorepo.pants("lock", "--check")
    assert (result.exit_code, result.output) == (0, f"{LOCK} fits its inputs.\n")

    monorepo.write("other/a.in", "idna\n-i https://ann:secret@index.example/simple\n")
    result = monorepo.pants("lock", "--check")
    assert result.exit_code == 1
    assert (
        "other/a.in:2: `--index-url=https://****@index.example/simple` tells an index, and"
        " installing would not know of it."
    ) in result.output
    assert "secret" not in result.output
