"""A project may be stated in as many inputs as it likes."""

from __future__ import annotations

from lockstep.acceptance.monorepo import LOCK, Monorepo


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
    result = monorepo.pants(
        "dependencies", "plain/plain_test.py", "text/six_test.py", "other/other_test.py"
    )
    assert (result.exit_code, result.output) == (0, "plain:six\ntext:inputs#six\n")
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
    assert "satisfies the requirement docopt (from versions: none)" in result.output  # no wheel
    assert monorepo.read(LOCK) == lock


def test_what_an_input_includes_has_to_be_there_and_no_index(monorepo: Monorepo) -> None:
    monorepo.write("other/BUILD", 'python_requirements(source="a.in")\n')
    monorepo.write("other/a.in", "idna\n-r b.in\n")
    result = monorepo.pants("lock", "--check")
    assert result.exit_code == 1
    assert "other/a.in:2: `other/b.in` is included, but there is no such file." in result.output

    monorepo.write("other/a.in", "# nothing but\n-r ../text/inputs.in\n")
    result = monorepo.pants("lock", "--check")
    assert result.exit_code == 1
    assert (
        "other/a.in:2: the file states no requirement of its own, so it does not tell its resolve."
    ) in result.output

    monorepo.write("other/a.in", "idna\n-i https://ann:secret@index.example/simple\n")
    result = monorepo.pants("lock", "--check")
    assert result.exit_code == 1
    assert (
        "other/a.in:2: `--index-url=https://****@index.example/simple` tells an index, and"
        " installing would not know of it."
    ) in result.output
    assert "secret" not in result.output
