from __future__ import annotations

import pytest

from lockstep.core.named_modules import named_modules


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('pytest_plugins = "shared.fixtures"\n', {"shared.fixtures": 1}),
        ("pytest_plugins: list[str] = [\n  'one',  # why\n  'two.x',\n]\n", {"one": 2, "two.x": 3}),
        ('pytest_plugins += ("a",)\nother = "b.c"\n', {"a": 1}),
        ('config.include("pkg.views")\n', {"pkg.views": 1}),
        ('config.include(".views")\n', {"shop.web.views": 1}),
        ('config.include("..api")\n', {"shop.api": 1}),
        ('config.include(".")\n', {"shop.web": 1}),
        ('config.include("....too.far")\n', {}),
        ('path("x/", include("shop.urls"))\n', {"shop.urls": 1}),
        ('import_module("a.b")\nimportlib.import_module(name)\n', {"a.b": 1}),
        ('@patch("a.b.C")\ndef f(): ...\n', {"a.b.C": 1}),
        ('WSGI_APPLICATION = "shop.wsgi:application"\n', {"shop.wsgi": 1}),
        (
            'INSTALLED_APPS = ["shop"]\n',
            {"shop": 1, "shop.apps": 1, "shop.models": 1},
        ),
        ('INSTALLED_APPS.append("shop")\n', {"shop": 1, "shop.apps": 1, "shop.models": 1}),
        ('print("pytest_plugins = a.b")\n', {}),
        ('import_module("not a module")\nimport_module(f"{a}.b")\n', {}),
        ('pytest_plugins = "a.b\n', {}),
        ('pytest_plugins = ["a", \n  "b"]  # pants: no-infer-dep\n', {"a": 1}),
        ("", {}),
    ],
)
def test_strings_that_frameworks_import(source: str, found: dict[str, int]) -> None:
    assert named_modules(source, "shop/web/app.py") == found


def test_syntax_that_is_newer_than_this_python() -> None:
    source = 'match x:\n    case 1:\n        import_module("a.b")\n'
    assert named_modules(source, "x.py") == {"a.b": 3}
