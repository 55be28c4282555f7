"""Who may import whom: the layers of Lockstep, read from the source by `ast`."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pytest

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parent

CORE_LIBRARIES = {"packaging", "tomli", "tomllib"}
MORE_LIBRARIES = {
    "lockstep.deployables.registry": {"requests"},
    "lockstep.deployables.stores": {"requests"},
    "lockstep.envs.downloads": {"requests"},
}
"""What single modules below Pants may import beside these."""

CAPABILITIES_BELOW = {
    "affected": {"lock", "slices"},
    "audit": {"advisories", "lock", "slices"},
    "carried_coverage": {"affected", "slices"},
    "deploy": {"affected", "imports", "slices"},
    "export": {"lock", "lock_export", "slices"},
    "imports": {"slices"},
    "lock": {"advisories", "slices"},
    "lock_export": {"imports", "lock", "slices"},
}
"""The capabilities that each capability may build on; one not named here builds on none."""

BELOW_PANTS = {
    "core": ("lockstep.core",),
    "deployables": ("lockstep.core", "lockstep.deployables"),
    "envs": ("lockstep.core", "lockstep.envs"),
    "scripts": ("lockstep.core", "lockstep.envs", "lockstep.scripts"),
    "refresh": ("lockstep.core", "lockstep.envs", "lockstep.refresh"),
}
"""What runs without Pants, and what of Lockstep each of these layers may build on."""

WRAPPED_NAMES = ("lockstep.pants_api.uncacheable", "lockstep.pants_api.base_definitions")
"""What is private to Pants and a capability may use under a name of ours; it builds on nothing."""


@dataclass(frozen=True)
class Module:
    name: str
    path: Path

    @property
    def layer(self) -> str:
        """The folder below `lockstep`, or the module itself where it stands in none."""
        return self.name.split(".")[1] if "." in self.name else ""

    def imports(self) -> Iterator[str]:
        """Dotted names, with the name a `from` import takes."""
        package = self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]
        for node in ast.walk(ast.parse(self.path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = package.split(".")[: package.count(".") + 2 - node.level]
                source = ".".join([*(above if node.level else []), *filter(None, [node.module])])
                yield from (f"{source}.{alias.name}" for alias in node.names)


def modules() -> Iterator[Module]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if not path.name.endswith("_test.py") and path.name != "conftest.py":
            yield Module(".".join(parts).removesuffix(".__init__"), path)


MODULES = tuple(modules())
CAPABILITIES = {
    path.name
    for path in PACKAGE.iterdir()
    if (path / "__init__.py").exists() and path.name not in (*BELOW_PANTS, "pants_api")
}
WITHOUT_PANTS = [
    module
    for module in MODULES
    # The scripts that launchers start are no modules.
    if module.layer in BELOW_PANTS
    and module.name not in ("lockstep.scripts.main", "lockstep.refresh.main")
]
DOCTOR = [module for module in MODULES if module.layer == "doctor"]
MORE_THAN_PYTHON = ("lockstep.core.lock_codec", "lockstep.core.graph_codec")
"""What the doctor imports late, and can do without: these need `packaging`."""


def is_standard(name: str) -> bool:
    spec = importlib.util.find_spec(name.partition(".")[0])
    origin = (spec and spec.origin) or ""
    standard = origin.startswith(sysconfig.get_path("stdlib")) and "site-packages" not in origin
    return standard or origin in ("built-in", "frozen")


def within(name: str, *packages: str) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def test_there_is_something_to_test() -> None:
    assert {"core", "envs", "pants_api", "register"} <= {module.layer for module in MODULES}
    assert {"lock", "slices"} <= CAPABILITIES


def test_every_way_to_import_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "rules.py"
    path.write_text(
        "import os.path\nfrom lockstep.core import check\nfrom . import goal\n"
        "from ..envs.atomic import write_text as w\ndef f():\n    from pants.x import _y\n"
    )
    assert list(Module("lockstep.lock.rules", path).imports()) == [
        "os.path",
        "lockstep.core.check",
        "lockstep.lock.goal",
        "lockstep.envs.atomic.write_text",
        "pants.x._y",
    ]


@pytest.mark.parametrize("module", WITHOUT_PANTS, ids=lambda module: module.name)
def test_what_runs_without_pants_knows_nothing_of_it(module: Module) -> None:
    layers = BELOW_PANTS[module.layer]
    libraries = CORE_LIBRARIES | MORE_LIBRARIES.get(module.name, set())
    foreign = [
        name
        for name in module.imports()
        if not within(name, *layers, *libraries) and not is_standard(name)
    ]
    assert foreign == []


@pytest.mark.parametrize("module", DOCTOR, ids=lambda module: module.name)
def test_the_doctor_needs_nothing_but_python(module: Module) -> None:
    names = [name for name in module.imports() if not within(name, *MORE_THAN_PYTHON)]
    names = [name for name in names if name.rpartition(".")[2] not in ("lock_codec", "graph_codec")]
    ours = [name for name in names if within(name, "lockstep")]
    assert [name for name in names if name not in ours and not is_standard(name)] == []
    allowed = ("lockstep.doctor", "lockstep.core", "lockstep.envs")
    assert [name for name in ours if not within(name, *allowed)] == []


def test_the_doctor_starts_on_python_alone() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import lockstep.doctor.main"
    code += "; print(*sorted(sys.modules))"
    command = [sys.executable, "-BIS", "-c", code, str(ROOT)]
    loaded = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    foreign = {name.partition(".")[0] for name in loaded} - {
        "lockstep",
        "__main__",
        "sitecustomize",
    }
    assert [name for name in sorted(foreign) if not is_standard(name)] == []


def test_only_register_imports_the_seams() -> None:
    offenders = [
        (module.name, name)
        for module in MODULES
        for name in module.imports()
        if within(name, "lockstep.pants_api") and module.layer not in ("pants_api", "register")
        if not within(name, *WRAPPED_NAMES)
    ]
    assert offenders == []


def test_wrapped_names_build_on_nothing_of_lockstep() -> None:
    imports = [name for m in MODULES if m.name in WRAPPED_NAMES for name in m.imports()]
    assert imports != []
    assert [name for name in imports if within(name, "lockstep")] == []


def test_capabilities_build_only_on_those_below_them() -> None:
    offenders = [
        (module.name, name)
        for module in MODULES
        if module.layer in CAPABILITIES
        for other in CAPABILITIES - {module.layer} - CAPABILITIES_BELOW.get(module.layer, set())
        for name in module.imports()
        if within(name, f"lockstep.{other}")
    ]
    assert offenders == []


def test_nothing_but_register_joins_everything() -> None:
    importers = {m.name for m in MODULES for n in m.imports() if within(n, "lockstep.register")}
    assert importers == set()


def test_private_names_of_pants_stay_in_the_seams() -> None:
    private = {
        (module.name, name)
        for module in MODULES
        if module.layer != "pants_api"
        for name in module.imports()
        if within(name, "pants") and any(part.startswith("_") for part in name.split("."))
    }
    assert private == set()


@pytest.mark.parametrize("module", WITHOUT_PANTS, ids=lambda module: module.name)
def test_importable_alone_where_there_is_no_pants(module: Module) -> None:
    code = f"""if True:
        import sys
        sys.modules["pants"] = None  # an import of it fails
        import {module.name}
    """
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-c", code]
    result = subprocess.run(command, env=environ, stderr=subprocess.PIPE, text=True)
    assert (result.returncode, result.stderr) == (0, "")


LIBRARY = r"""
from lockstep.core import diff, lock_codec, slices

TEXT = "idna=={}\n    # via web\nsix==1\n    # via -r a.in\nweb==2.0\n    # via -r a.in\n"
old = lock_codec.parse(TEXT.format("3.10"), "lock.txt")
new = lock_codec.parse(TEXT.format("3.11"), "lock.txt")
print(slices.Slicer(new).cut(["web>=1"], {"python_version": "3.11"}).text, end="")
print(*diff.diff(old, new), sep="\n")
try:
    import pants
except ImportError:
    print("no Pants")
"""


def test_core_is_a_library_where_nothing_but_its_libraries_is_installed(tmp_path: Path) -> None:
    for name in ("packaging", "pyparsing", "tomli"):
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        tmp_path.joinpath(name).symlink_to(Path(spec.origin).parent)
    environ = {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        [sys.executable, "-S", "-W", "ignore", "-c", LIBRARY],
        env=environ,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert result.stdout == "idna==3.11\nweb==2.0\nidna 3.10 -> 3.11 (minor)\nno Pants\n"
