"""A project may be stated in as many inputs as it likes."""

from __future__ import annotations

from lockstep.acceptance.monorepo import Monorepo


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
