"""What is said of imports that no input states, by the rules that read lock and graph."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest
from pants.engine.addresses import Address, Addresses
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from lockstep.core import graph_codec, lock_codec
from lockstep.core.graph import Installed, derive
from lockstep.imports.unowned import OwnedClosure, OwnedClosureRequest

LOCK = f"""\
httpcore==1.0 \\
    --hash=sha256:{'0' * 64}
    # via httpx
httpx==1.0 \\
    --hash=sha256:{'1' * 64}
    # via -r services/b/requirements.in
"""
INSTALLED = (
    Installed("httpcore", "1.0", modules=("httpcore",)),
    Installed("httpx", "1.0", requires=("httpcore",), modules=("httpx",)),
)
MENDED = (
    " Then run `./pants lock`. An import that may fail belongs under `except ImportError`, or takes"
    " the comment `# pants: no-infer-dep`."
)


@pytest.fixture
def rule_runner(make_rule_runner: Callable[..., RuleRunner]) -> RuleRunner:
    runner = make_rule_runner(
        QueryRule(OwnedClosure, [OwnedClosureRequest]),
        options=(
            "--python-enable-resolves",
            "--no-python-enable-lockfile-targets",
            "--python-default-resolve=all",
            "--python-resolves={'all': 'lock.txt'}",
            "--source-root-patterns=['services/*']",
        ),
    )
    graph = derive(lock_codec.parse(LOCK, "lock.txt"), INSTALLED)
    runner.write_files(
        {
            "lock.txt": LOCK,
            "lock.graph.json": graph_codec.render(graph),
            "services/b/BUILD": "python_requirements(source='requirements.in')\n",
            "services/b/requirements.in": "httpx\n",
            "services/a/BUILD": "python_sources()\n",
            "services/a/app.py": "import httpx\nfrom httpcore import Request\n",
        }
    )
    return runner


def refused(runner: RuleRunner) -> str:
    request = OwnedClosureRequest(Addresses([Address("services/a", relative_file_path="app.py")]))
    with pytest.raises(ExecutionError) as caught:
        runner.request(OwnedClosure, [request])
    return str(list(caught.value.wrapped_exceptions)[0])


def test_an_import_that_only_a_transitive_pin_provides_names_the_input_to_add_it_to(
    rule_runner: RuleRunner,
) -> None:
    told = (
        "services/a/app.py:2: the import `httpcore.Request` comes from `httpcore`, which is here"
        " only through services/b/requirements.in > httpx: add `httpcore` to "
    )
    assert refused(rule_runner) == f"{told}a `requirements.in` of its project.{MENDED}"

    rule_runner.write_files(
        {
            "services/a/BUILD": "python_sources()\npython_requirements(name='r', source='all.in')\n",
            "services/a/all.in": "httpx\n",
        }
    )
    assert refused(rule_runner) == f"{told}services/a/all.in.{MENDED}"


@pytest.mark.parametrize("gone", [("lock.graph.json",), ("lock.graph.json", "lock.txt")])
def test_without_a_graph_it_is_an_import_that_nothing_provides(
    rule_runner: RuleRunner, gone: tuple[str, ...]
) -> None:
    for path in gone:
        Path(rule_runner.build_root, path).unlink()
    assert refused(rule_runner).startswith(
        "services/a/app.py:2: nothing provides the import `httpcore.Request`. Mend the name"
    )
