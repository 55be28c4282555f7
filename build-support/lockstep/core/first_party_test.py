"""First-party imports: all that a script can run of the repository, and nothing that it cannot."""

from __future__ import annotations

from typing import Mapping

import pytest

from lockstep.core.first_party import Closure, Finder, _scanned, imported
from lockstep.core.source_roots import Kind


def finder(files: Mapping[str, str], *roots: str) -> Finder:
    folders: dict[str, dict[str, Kind]] = {}
    for path in files:
        name, kind = path, Kind.FILE
        while name:
            folder, _, last = name.rpartition("/")
            folders.setdefault(folder, {})[last] = kind
            name, kind = folder, Kind.FOLDER
    return Finder(
        frozenset(roots),
        lambda folder: folders.get(folder, {}),
        lambda path, in_root: imported(files[path], in_root),
    )


SOURCES = [
    ("import a, b.c as d\n", {"a", "b.c"}),
    ("from . import x\n", {"p.q.x"}),
    ("from ..r import (y,  # one\n  z as w,\n)\n", {"p.r.y", "p.r.z"}),
    ("from k import *\n", {"k"}),
    ("if x: import m; from n import o\n", {"m", "n.o"}),
    ("try:\n    from n import \\\n        o\nexcept ImportError:\n    import p\n", {"n.o", "p"}),
    ("def f():\n    import late\n", {"late"}),
    ("from .... import beyond\n", set()),
]


@pytest.mark.parametrize("source,names", SOURCES)
def test_imports(source: str, names: set[str]) -> None:
    assert imported(source, "p/q/f.py") == names


@pytest.mark.parametrize("source,names", SOURCES)
def test_the_scan_for_newer_syntax_misses_none(source: str, names: set[str]) -> None:
    assert names <= set(_scanned(source, "p/q/f.py"))


def test_syntax_of_a_newer_python_hides_no_import() -> None:
    source = "import a\ntype X = int\nmatch x:\n    case 1:\n        from b import c\n"
    assert {"a", "b.c"} <= imported(source, "f.py")


def test_names_that_frameworks_import_count() -> None:
    assert imported('import_module("plugins.one")\n', "f.py") == {"plugins.one"}


def test_closure_follows_imports_to_the_end() -> None:
    found = finder(
        {
            "cmd/tool.py": "import helper, web.app, yaml, os\n",
            "cmd/helper.py": "",
            "s/web/src/web/__init__.py": "",
            "s/web/src/web/app.py": "from . import views\nimport web\n",
            "s/web/src/web/views.py": "from lib.text import shout\n",
            "s/web/src/web/unused.py": "import nothing\n",
            "libs/lib/src/lib/text.py": "import idna.core\n",
        },
        *("cmd", "s/web/src", "libs/lib/src"),
    ).closure(["cmd/tool.py"], "cmd")
    assert found == Closure(
        files=(
            "cmd/helper.py",
            "cmd/tool.py",
            "libs/lib/src/lib/text.py",
            "s/web/src/web/__init__.py",
            "s/web/src/web/app.py",
            "s/web/src/web/views.py",
        ),
        roots=("cmd", "libs/lib/src", "s/web/src"),
        foreign={
            "cmd/tool.py": (("helper", 1), ("os", 0), ("web.app", 2), ("yaml", 0)),
            "cmd/helper.py": (),
            "s/web/src/web/__init__.py": (),
            "s/web/src/web/app.py": (("web", 1), ("web.views", 2)),
            "s/web/src/web/views.py": (("lib.text.shout", 2),),
            "libs/lib/src/lib/text.py": (("idna.core", 0),),
        },
    )


def test_what_stands_beside_the_script_comes_first_then_what_is_in_the_same_root() -> None:
    files = {
        "a/tests/helpers.py": "",
        "a/tests/test_a.py": "import helpers\n",
        "b/tests/helpers.py": "",
        "c/tool.py": "import helpers\n",
        "c/helpers.py": "",
        "d/tool.py": "import helpers\n",
    }
    found = finder(files, "a/tests", "b/tests")
    assert found.closure(["a/tests/test_a.py"]).roots == ("a/tests",)
    assert found.closure(["c/tool.py"], "c").roots == ()
    assert "c/helpers.py" in found.closure(["c/tool.py"], "c").files
    # Nothing tells which one is meant, and too much does no harm.
    assert found.closure(["d/tool.py"], "d").roots == ("a/tests", "b/tests")


def test_parts_of_a_namespace_are_found_where_they_are() -> None:
    files = {"a/src/org/one.py": "", "b/src/org/two/__init__.py": "", "t.py": "import org.two\n"}
    found = finder(files, "a/src", "b/src")
    assert found.find("org.two.name").files == (("b/src", "b/src/org/two/__init__.py"),)
    assert found.find("org").depth == found.find("org.three").depth == 0


def test_nothing_is_imported_through_the_root_of_another_one() -> None:
    files = {"src/lib/__init__.py": "", "src/__init__.py": ""}
    assert finder(files, "", "src").find("src.lib") == (0, ())
    assert finder(files, "", "src").find("lib").files == (("src", "src/lib/__init__.py"),)


def test_circles_end() -> None:
    files = {"a.py": "import b\n", "b.py": "import a\n"}
    assert finder(files, "").closure(["a.py"]).files == ("a.py", "b.py")
