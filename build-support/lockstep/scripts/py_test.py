"""`./py` as a user calls it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from lockstep.scripts.conftest import LOCK, Repository

CALLS = int(os.environ.get("LOCKSTEP_PY_CALLS", "8"))
"""How many calls at once; 50 in the soak."""

KILLS = int(os.environ.get("LOCKSTEP_KILLS", "2"))

BLOCK = "# /// script\n# dependencies = {}\n# ///\n"
IMPORTED = """
import importlib.util
print(*(n for n in ("one", "two", "three", "four") if importlib.util.find_spec(n)))
"""


def test_requirements_are_looked_for_in_this_order(repository: Repository) -> None:
    repository.write("cmd/tool.py", IMPORTED)
    assert repository.run("cmd/tool.py") == (0, "one\n", "")

    repository.write("caller.in", "four\n")
    caller = str(repository.path("caller.in"))
    assert repository.run("cmd/tool.py", LOCKSTEP_PY_SPEC=caller) == (0, "two four\n", "")

    repository.write("cmd/tool.py.spec", "two  # beside\n")
    assert repository.run("cmd/tool.py", LOCKSTEP_PY_SPEC=caller) == (0, "two\n", "")

    repository.write("cmd/tool.py", BLOCK.format('["three"]') + IMPORTED)
    assert repository.run("cmd/tool.py", LOCKSTEP_PY_SPEC=caller) == (0, "three\n", "")

    repository.write("cmd/tool.py", BLOCK.format("[]") + IMPORTED)
    assert repository.run("cmd/tool.py") == (0, "\n", "")

    repository.write("given.in", "one\nthree\n")
    assert repository.run("--spec", "given.in", "cmd/tool.py") == (0, "one three\n", "")
    assert (
        repository.run(f"--spec={repository.path('given.in')}", "-c", IMPORTED)[1] == "one three\n"
    )


def test_first_party_imports_bring_what_they_need(repository: Repository) -> None:
    repository.write("cmd/tool.py", f"import text, helper\n{IMPORTED}")
    repository.write("cmd/helper.py", "")
    assert repository.run("cmd/tool.py") == (0, "one two\n", "")
    told = repository.print_env("cmd/tool.py")
    assert told["inputs"] == "cmd/requirements.in, libs/text/requirements.in"
    assert told["PYTHONPATH"] == f"{repository.path('cmd')}:{repository.path('libs/text/src')}"

    repository.write("cmd/tool.py", f"{BLOCK.format('[]')}import text\n{IMPORTED}")
    assert repository.run("cmd/tool.py") == (0, "two\n", "")


def test_what_no_input_of_the_project_states_is_taken_from_the_lock(repository: Repository) -> None:
    repository.write("cmd/tool.py", f"import three\n{IMPORTED}")
    assert repository.run("cmd/tool.py") == (0, "one three\n", "")
    repository.write("cmd/tool.py", f"{BLOCK.format('[]')}import three\n")
    code, _, err = repository.run("cmd/tool.py")
    assert (code, err.splitlines()[-1]) == (1, "ModuleNotFoundError: No module named 'three'")


def test_it_is_as_with_plain_python(repository: Repository, tmp_path: Path) -> None:
    repository.write(
        "cmd/a tool.py",
        "import sys, os\nprint(sys.argv, __file__, sys.path[0], __name__, sys.flags.optimize)\n"
        "print(sorted(name for name in os.environ if 'PANTS_' in name or 'LOCKSTEP_' in name))\n"
        "print(sys.stdin.read(), end='')\nsys.exit(int(sys.argv[1]))\n",
    )
    script = str(repository.path("cmd/a tool.py"))
    for _ in range(2):  # cold, then warm
        process = subprocess.run(
            [str(repository.path("py")), "-O", "cmd/a tool.py", "7", "b c", "-m"],
            cwd=repository.root,
            env=repository.environ(),
            input="typed in\n",
            stdout=subprocess.PIPE,
            text=True,
        )
        said = f"['cmd/a tool.py', '7', 'b c', '-m'] {{}} {repository.path('cmd')} __main__ 1\n"
        files = ("cmd/a tool.py", script)  # which one is Python's own affair
        rest = "['LOCKSTEP_CACHE', 'PANTS_NAMED_CACHES_DIR']\ntyped in\n"
        assert process.stdout in [said.format(file) + rest for file in files]
        assert process.returncode == 7
        repository.settle()
    elsewhere = repository.run(script, "0", cwd=tmp_path)
    assert elsewhere[1].startswith(f"[{script!r}, '0'] {script} {repository.path('cmd')} ")


def test_modules_code_and_what_is_typed_in(repository: Repository) -> None:
    cmd = repository.path("cmd")
    repository.write("cmd/tool.py", IMPORTED)
    assert repository.run("-m", "tool", cwd=cmd) == (0, "one\n", "")
    repository.write("libs/text/src/text/__main__.py", IMPORTED)
    assert repository.run("-m", "text") == (0, "two\n", "")
    assert repository.run("-c", "import three; print(three.RELEASE)", cwd=cmd) == (0, "3.0\n", "")
    assert repository.run("-", cwd=cmd) == repository.run(cwd=cmd) == (0, "", "")
    # All of the lock, since nothing tells what is going to be typed in here.
    assert repository.print_env()["slice"].endswith("(4 pins)")
    assert repository.print_env(cwd=cmd)["slice"].endswith("(1 pin)")
    folder = repository.path("cmd/app")
    repository.write("cmd/app/__main__.py", "import sys; print(sys.argv[1:])\n")
    assert repository.run(str(folder), "x") == (0, "['x']\n", "")


def test_a_script_of_no_project_and_one_outside_of_the_repository(
    repository: Repository, tmp_path: Path
) -> None:
    outside = tmp_path / "loose.py"
    outside.write_text(f"import text\n{IMPORTED}")
    assert repository.run(str(outside), cwd=tmp_path) == (0, "two\n", "")
    assert repository.print_env(str(outside))["because"] == (
        "no project owns it, so that it is what it imports"
    )


def test_called_through_a_link_and_with_nothing_in_the_environment(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("cmd/tool.py", IMPORTED)
    (tmp_path / "absolute").symlink_to(repository.path("py"))
    (tmp_path / "relative").symlink_to("absolute")
    for _ in range(2):
        done = subprocess.run(
            ["env", "-i", "PATH=/usr/bin:/bin", "PIP_NO_INDEX=1"]
            + [
                f"{name}={repository.variables[name]}"
                for name in ("LOCKSTEP_CACHE", "UV_FIND_LINKS")
            ]
            + [str(tmp_path / "relative"), "a mono repo/cmd/tool.py"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert (done.returncode, done.stdout) == (0, "one\n")
        repository.settle()


SHEBANGS = [
    "#!/usr/bin/env -S {py}",
    """#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../py" "$0" "$@"'""",
]


@pytest.mark.parametrize("shebang", SHEBANGS)
def test_shebangs(tmp_path: Path, shebang: str) -> None:
    repository = Repository(tmp_path)
    repository.pin("one")
    py = str(repository.path("py"))
    if "{py}" in shebang:  # where a path has blanks, no such line can name it
        (tmp_path / "py").symlink_to(py)
        shebang = shebang.format(py=tmp_path / "py")
    text = f"{shebang}\n" + BLOCK.format('["one"]') + "import one, sys\nprint(sys.argv[1:])\n"
    repository.write("cmd/a tool", text, 0o755)
    repository.write("cmd/tool.py", text, 0o755)
    (tmp_path / "link").symlink_to(repository.path("cmd/tool.py"))
    for command in ("cmd/a tool", "cmd/tool.py", "../link"):
        done = subprocess.run(
            [f"./{command}", "a b", "-c"],
            cwd=repository.root,
            env=repository.environ(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert (done.returncode, done.stdout) == (0, "['a b', '-c']\n")


def test_scripts_that_call_scripts(repository: Repository) -> None:
    call = "import subprocess\nsubprocess.run([{!r}, *{!r}], check=True)\n"
    repository.write("services/web/BUILD", "python_requirements(source='requirements.in')\n")
    repository.write("services/web/requirements.in", "four\n")
    py = str(repository.path("py"))
    inner, other = str(repository.path("cmd/inner.py")), str(repository.path("services/web/x.py"))
    repository.write("cmd/inner.py", IMPORTED)
    repository.write("services/web/x.py", IMPORTED)
    outer = call.format(py, [inner]) + call.format(py, [other])
    repository.write("cmd/outer.py", outer)
    # By the inputs of a project nobody else runs.
    assert repository.run("cmd/outer.py") == (0, "one\ntwo four\n", "")
    repository.write("cmd/outer.py.spec", "three\n")
    for _ in range(2):
        assert repository.run("cmd/outer.py") == (0, "three\nthree\n", "")
        repository.settle()
    repository.write("cmd/inner.py", BLOCK.format('["two"]') + IMPORTED)
    assert repository.run("cmd/outer.py") == (0, "two\nthree\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_signals_reach_the_script_itself(repository: Repository, number: int) -> None:
    repository.write(
        "cmd/wait.py", "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n"
    )
    process = repository.start("cmd/wait.py")
    assert process.stdout is not None
    assert process.stdout.readline() == f"{process.pid}\n"
    process.send_signal(number)
    process.communicate()
    assert process.returncode == -number


def test_each_change_of_what_decides_is_seen(repository: Repository) -> None:
    repository.write("cmd/tool.py", f"import helper\n{IMPORTED}")
    repository.write("cmd/helper.py", "")

    def says(expected: str) -> None:
        for _ in range(2):  # found out and kept, then answered from what was kept
            repository.settle()
            assert repository.run("cmd/tool.py") == (0, expected, "")

    says("one\n")
    repository.write("cmd/helper.py", "import text\n")
    says("one two\n")
    repository.write("libs/text/src/text/__init__.py", "")
    repository.write("libs/text/requirements.in", "three\n")
    says("one three\n")
    repository.write("libs/text/BUILD", "")
    says("one\n")
    repository.write("cmd/BUILD", "python_requirement(requirements=['four'])\n")
    says("two four\n")
    repository.pin("four", via="services/web/requirements.in")  # it requires nothing now
    says("four\n")
    repository.write("cmd/text.py", "import three\n")  # comes before that of libs
    says("three four\n")
    repository.write("cmd/tool.py.spec", "one\n")
    says("one three four\n")  # four is for the helper
    repository.path("cmd/tool.py.spec").unlink()
    says("three four\n")
    options = repository.path("pants.toml").read_text().replace("==3.9.*", "==3.6.*")
    repository.write("pants.toml", options)
    code, out, err = repository.run("cmd/tool.py")
    assert (code, out) == (1, "")
    assert err.startswith("py: error: No interpreter was found for `CPython==3.6.*`. Install one,")


def test_a_bumped_pin_is_what_runs(repository: Repository) -> None:
    repository.write("cmd/tool.py", "import one; print(one.RELEASE)\n")
    for release in ("1.0", "1.1", "1.0"):
        repository.pin("one", release, via="cmd/requirements.in")
        for _ in range(2):
            assert repository.run("cmd/tool.py") == (0, f"{release}\n", "")
            repository.settle()


def test_a_warm_call_starts_nothing_but_the_script(repository: Repository) -> None:
    repository.write("cmd/tool.py", "import one, sys; open('cmd/made.txt', 'a'); print('ran')\n")
    repository.settle()
    repository.run("cmd/tool.py")
    repository.path("pants").unlink()  # every other call goes through it
    for _ in range(2):  # also where the script has written beside itself
        assert repository.run("cmd/tool.py") == (0, "ran\n", "")
    repository.write("cmd/helper.py", "")
    code, _, err = repository.run("cmd/tool.py")
    assert (code, err) == (
        1,
        f"py: error: {repository.path('pants')} cannot be run (No such file or directory). Restore"
        " it from version control.\n",
    )


def test_damage_is_healed(repository: Repository) -> None:
    repository.write("cmd/tool.py", "import one; print(one.RELEASE)\n")
    for _ in range(2):
        repository.settle()
        assert repository.run("cmd/tool.py")[0] == 0
    (module,) = repository.cache.glob("environments/*/lib/python*/site-packages/one.py")
    (look,) = repository.cache.glob("scripts/*.look")

    def change() -> None:
        module.chmod(0o644)
        module.write_text("")
        os.utime(look, (0, 0))  # files are looked at once a minute

    def delete() -> None:
        module.parent.chmod(0o755)
        module.unlink()

    for damage, told in ((change, "one.py was changed"), (delete, "one.py is missing")):
        damage()
        code, out, err = repository.run("cmd/tool.py")
        assert (code, out) == (0, "1.0\n")
        assert err.startswith("py: Mending ") and told in err
    for memo in repository.cache.glob("scripts/*.memo"):
        memo.write_bytes(memo.read_bytes()[:-1])
    assert repository.run("cmd/tool.py") == (0, "1.0\n", "")


def test_what_is_not_used_for_long_is_pruned(repository: Repository) -> None:
    repository.write("cmd/tool.py", "import one\n")
    repository.write("libs/text/src/text/__main__.py", "")
    repository.settle()
    for args in (("cmd/tool.py",), ("-m", "text")):
        assert repository.run(*args) == (0, "", "")
    old = repository.print_env("cmd/tool.py")["environment"]
    assert repository.run("--prune") == (0, "", "")
    long_ago = time.time() - 40 * 24 * 3600
    os.utime(f"{old}.lock", (long_ago, long_ago))
    memos = list(repository.cache.glob("scripts/*.memo"))
    os.utime(memos[0], (long_ago, long_ago))
    assert repository.run("--prune") == (0, f"{old}\n{memos[0]}\n", "")
    assert [str(path) for path in repository.environments()] != [old]
    assert repository.run("cmd/tool.py") == (0, "", "")


ERRORS = [
    (
        {"cmd/tool.py": BLOCK.format('["absent>=2"]')},
        ["cmd/tool.py"],
        f"cmd/tool.py:2: {LOCK} has no pin for `absent>=2`. Add"
        ' `python_requirements(name="tool-requirements", source="tool.py")` to cmd/BUILD, then run'
        " `./pants lock`.",
    ),
    (
        {"cmd/tool.py": "", "cmd/requirements.in": "one>=1\n\none>=9  # soon\n"},
        ["cmd/tool.py"],
        f"cmd/requirements.in:3: {LOCK}:1 pins `one==1.0`, which does not satisfy `one>=9`. Run"
        " `./pants lock` to bring the lock up to date.",
    ),
    ({}, ["cmd/no.py"], "The script cmd/no.py is no file. Correct its path."),
    ({}, ["cmd"], "The script cmd holds no `__main__.py`. Correct its path."),
    (
        {"cmd/tool.py": ""},
        ["--spec", "no.in", "cmd/tool.py"],
        "`--spec` names no.in, and there is no such file. Correct its path.",
    ),
    (
        {"a.in": "one\n--index-url https://u:secret@index.example/simple\n"},
        ["--spec", "a.in"],
        "a.in:2: `--index-url=https://****@index.example/simple` tells an index, and installing"
        " would not know of it. Put it into pip's configuration, which every step reads"
        " (docs/setup.md).",
    ),
    (
        {"cmd/tool.py": '# /// script\n# requires-python = ">=3.12"\n# ///\n'},
        ["cmd/tool.py"],
        "cmd/tool.py:2: the file is for Python `>=3.12`, and its resolve is for 3.9. Give its"
        " target another resolve, or widen the range.",
    ),
    (
        {"cmd/tool.py": "", "cmd/BUILD": "python_requirements(source=named())\n"},
        ["cmd/tool.py"],
        "cmd/BUILD:1: the value is computed, which `./py` cannot follow. Write it out, or let the"
        " script state its requirements itself.",
    ),
    ({LOCK: "one\n"}, ["-c", ""], f"{LOCK}:1: `one` is not a pin (`name==version`). Restore the"),
    (
        {},
        ["--what"],
        "`--what` is an option neither of `./py` nor of a script. `./py --help` tells",
    ),
    ({}, ["--spec"], "`--spec` needs a value. `./py --help` tells what there is."),
]


def test_errors_say_what_is_wrong_and_what_mends_it(tmp_path: Path) -> None:
    for number, (files, args, error) in enumerate(ERRORS):
        folder = tmp_path / str(number)
        folder.mkdir()
        repository = Repository(folder)
        repository.pin("one", via="cmd/requirements.in")
        repository.write("cmd/BUILD", "python_requirements(source='requirements.in')\n")
        repository.write("cmd/requirements.in", "one\n")
        for path, text in files.items():
            repository.write(path, text)
        code, out, err = repository.run(*args)
        assert (code, out) == (1, ""), err
        assert err.startswith(f"py: error: {error}"), err
        assert err.count("\n") == 1 and "secret" not in err


def test_many_at_once_build_one_environment(repository: Repository) -> None:
    repository.write("cmd/tool.py", "import one, sys; print(one.RELEASE, sys.argv[1])\n")
    processes = [repository.start("cmd/tool.py", str(number)) for number in range(CALLS)]
    outputs = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * CALLS, outputs
    assert [out for out, _ in outputs] == [f"1.0 {number}\n" for number in range(CALLS)]
    assert sum(err.count("Building ") for _, err in outputs) == 1
    assert len(list(repository.environments())) == 1


def test_killed_while_it_builds(repository: Repository) -> None:
    repository.write("cmd/tool.py", "import one; print(one.RELEASE)\n")
    for number in range(KILLS):
        repository.pin("one", f"1.{number}", via="cmd/requirements.in")
        process = repository.start("cmd/tool.py")
        if number % 2:
            time.sleep(0.1 + number % 20 * 0.05)
        else:
            deadline = time.monotonic() + 30
            while process.poll() is None and time.monotonic() < deadline:
                if any(repository.cache.glob("environments/.*.aside")):
                    break
        process.kill()
        process.communicate()
        assert repository.run("cmd/tool.py") == (0, f"1.{number}\n", "")
    assert not [p for p in repository.cache.glob("environments/.*.aside") if p.is_dir()]
