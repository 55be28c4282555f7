"""What wheels provide: real ones that uv installs, and made ones for what these do not show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lockstep.core.graph import Installed, derive
from lockstep.core.lock import Lock, Pin
from lockstep.envs.contents import Contents, ContentsError, contents
from lockstep.envs.pip_config import configured_settings

SCRIPT = Path(__file__).with_name("contents.py")

REAL = {
    "PyYAML==6.0.3": (["_yaml", "yaml"], []),
    "attrs==25.4.0": (["attr", "attrs"], []),
    "azure-storage-blob==12.27.1": (["azure.storage.blob"], []),
    "backports.tarfile==1.2.0": (["backports.tarfile"], []),
    "cffi==2.0.0": (["_cffi_backend", "cffi"], []),
    "coverage==7.10.7": (["coverage"], []),
    "google-cloud-storage==3.4.1": (
        ["google.cloud._storage_v2", "google.cloud.storage"],
        [],
    ),
    "matplotlib==3.10.7": (
        ["matplotlib", "mpl_toolkits.axes_grid1", "mpl_toolkits.axisartist"]
        + ["mpl_toolkits.mplot3d", "pylab"],
        [],
    ),
    "mypy==1.18.2": (["mypy", "mypyc", "native_internal"], []),
    "opencensus-context==0.1.3": (["opencensus.common.runtime_context"], []),
    "pandas-stubs==2.3.2.250926": ([], ["pandas"]),
    "protobuf==6.33.0": (["google._upb._message", "google.protobuf"], []),
    "pydantic-extra-types==2.10.6": (["pydantic_extra_types"], []),
    "python-dateutil==2.9.0.post0": (["dateutil"], []),
    "ruamel.yaml==0.18.15": (["ruamel.yaml"], []),
    "setuptools==80.9.0": (["_distutils_hack", "pkg_resources", "setuptools"], []),
    "six==1.17.0": (["six"], []),
    "types-protobuf==6.32.1.20250918": ([], ["google._upb._message", "google.protobuf"]),
    "types-requests==2.32.4.20250913": ([], ["requests"]),
    "typing-extensions==4.15.0": (["typing_extensions"], []),
    "zope.interface==8.0.1": (["zope.interface"], []),
}


@pytest.fixture(scope="module")
def site_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all these wheels, as uv installs them."""
    folder = tmp_path_factory.mktemp("real")
    subprocess.run(
        [f"{os.environ['LOCKSTEP_BOOTSTRAP']}/uv", "pip", "install", "--quiet", "--no-deps"]
        + ["--only-binary", ":all:", "--python", sys.executable, "--python-version", "3.11"]
        + ["--target", str(folder), *REAL],
        env={**os.environ, **configured_settings(os.environ)},
        check=True,
    )
    return folder


def test_modules_and_stubs_of_real_wheels(site_packages: Path) -> None:
    found = {f"{c.name}=={c.version}".lower(): c for c in contents(str(site_packages))}
    told = {name: (c.modules, c.stubs) for name, c in found.items()}
    wanted = {name.lower(): provided for name, provided in REAL.items()}
    wanted["typing_extensions==4.15.0"] = wanted.pop("typing-extensions==4.15.0")
    assert told == wanted


def test_requirements_of_a_real_wheel(site_packages: Path) -> None:
    (cffi,) = (c for c in contents(str(site_packages)) if c.name == "cffi")
    assert cffi == Contents(
        "cffi",
        "2.0.0",
        ['pycparser; implementation_name != "PyPy"'],
        [],
        ["_cffi_backend", "cffi"],
        [],
    )


def test_the_script_tells_what_a_graph_is_derived_from(site_packages: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-IS", str(SCRIPT), str(site_packages)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    installed = [Installed(**record) for record in json.loads(done.stdout)]
    parts = [text.split("==") for text in REAL]
    pins = tuple(Pin(name, version, ("sha256:a",)) for name, version in parts)
    lock = Lock("lock.txt", pins)
    graph = derive(lock, installed)
    assert graph.missing(lock) == ()
    six, types = graph.entry(Pin("six", "1.17.0", ("sha256:a",))), graph.entry(pins[18])
    assert six is not None and six.modules == ("six",)
    assert types is not None and types.requires == ("urllib3>=2",)


def install(folder: Path, *files: str, metadata: str = "Name: made\nVersion: 1\n") -> Contents:
    """Lay files out as a wheel of theirs is installed, and tell what is found."""
    info = folder / "made-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\n{metadata}\nRequires-Dist: no\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    for file in files:
        if not file.startswith(("/", "..")):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).touch()
    (made,) = contents(str(folder))
    return made


@pytest.mark.parametrize(
    "files,modules,stubs",
    [
        ("a.py b.cpython-311-x86_64-linux-gnu.so c.abi3.so d.so e.pyd f.pyc", "a b c d e f", ""),
        ("a/__init__.so b/__init__.py b/c.py tests/__init__.py", "a b tests", ""),
        ("ns/a/__init__.py ns/b.py ns/c/d/e.so ns/data/x.txt", "ns.a ns.b ns.c.d.e", ""),
        ("a-b.py 1.py class.py a.b/c.py __init__.py __main__.py libx.so.6 a.pth", "", ""),
        ("../../../bin/a.py /abs/b.py bin/c.py share/d/e.py x.data/f.py __pycache__/g.pyc", "", ""),
        ("made-1.dist-info/h.py lib/__init__.py", "lib", ""),
        ("a-stubs/__init__.pyi b-stubs/c/__init__.pyi b-stubs/d.pyi", "", "a b.c b.d"),
        ("a/__init__.pyi b.pyi c.pyi c.py d/__init__.py d/e.pyi d/f/g.pyi", "c d", "a b"),
        ("a/__init__.py a-stubs/__init__.pyi", "a", "a"),
        ("\u00e9/__init__.py", "\u00e9", ""),
    ],
)
def test_names(tmp_path: Path, files: str, modules: str, stubs: str) -> None:
    made = install(tmp_path, *files.split())
    assert (made.modules, made.stubs) == (modules.split(), stubs.split())


@pytest.mark.parametrize(
    "text,is_namespace",
    [
        ("__path__ = __import__('pkgutil').extend_path(__path__, __name__)  # type: ignore", True),
        ("__import__('pkg_resources').declare_namespace(__name__)", True),
        (
            "'''Doc.'''\ntry:\n    import pkg_resources\n"
            "    pkg_resources.declare_namespace(__name__)\nexcept ImportError:\n"
            "    import pkgutil\n    __path__ = pkgutil.extend_path(__path__, __name__)\n",
            True,
        ),
        ("import pkgutil, os\n__path__ = pkgutil.extend_path(__path__, __name__)", False),
        ("from pkgutil import extend_path\nfrom .part import *\n__path__ = extend_path(1)", False),
        ("__path__ = extend_path(1)\ndef here(): pass", False),
        ("extend_path(", False),
        ("'''Nothing but a doc string.'''", False),
        ("", False),
    ],
)
def test_packages_that_only_declare_a_namespace(
    tmp_path: Path, text: str, is_namespace: bool
) -> None:
    install(tmp_path, "ns/__init__.py", "ns/part/__init__.py")
    (tmp_path / "ns/__init__.py").write_text(text)
    (made,) = contents(str(tmp_path))
    assert made.modules == (["ns.part"] if is_namespace else ["ns"])


def test_metadata_is_read_up_to_its_description(tmp_path: Path) -> None:
    made = install(
        tmp_path,
        metadata="Name: made\nVersion: 1\nRequires-Dist: a (>=1) ;\n  extra == 'x'\n"
        "Provides-Extra: x\nRequires-Dist: b\nProvides-Extra: Y_z\n",
    )
    assert (made.requires, made.extras) == (["a (>=1) ; extra == 'x'", "b"], ["x", "Y_z"])


@pytest.mark.parametrize(
    "removed,fault",
    [
        ("RECORD", "made-1.dist-info/RECORD cannot be read (No such file or directory)"),
        ("METADATA", "made-1.dist-info/METADATA cannot be read (No such file or directory)"),
    ],
)
def test_what_is_half_installed_is_told(tmp_path: Path, removed: str, fault: str) -> None:
    install(tmp_path, "a.py")
    (tmp_path / "made-1.dist-info" / removed).unlink()
    with pytest.raises(ContentsError) as caught:
        list(contents(str(tmp_path)))
    assert str(caught.value) == fault
    done = subprocess.run(
        [sys.executable, "-IS", str(SCRIPT), str(tmp_path)], stderr=subprocess.PIPE, text=True
    )
    told = f"Lockstep cannot tell what is installed: {fault}. Install it anew.\n"
    assert (done.returncode, done.stderr) == (1, told)


def test_metadata_without_a_version_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContentsError) as caught:
        install(tmp_path, metadata="Name: made\n")
    assert str(caught.value) == "made-1.dist-info/METADATA states no Version"
