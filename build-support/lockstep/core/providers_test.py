"""Which input serves an import."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockstep.core.providers import Provider, choose

SHARED = "3rdparty/python"


def provider(folder: str, project: str = "click", name: str = "reqs") -> Provider:
    return Provider(f"{folder}:{name}#{project}", folder, project)


shared = provider(SHARED)
shop = provider("services/shop")
shop_web = provider("services/shop/web")
money = provider("libs/shared/money")
root = provider("")
script = replace(provider("services/shop/tools"), of_script=True)


@pytest.mark.parametrize(
    "candidates,importer,chosen",
    [
        ([], "services/shop/src", None),
        ([shop, provider(SHARED, "click-fork")], "services/shop/src", None),
        ([shared, shop, money], "services/shop/src/shop", shop),
        ([shared, shop, money], "services/shop", shop),
        ([shared, shop, shop_web], "services/shop/web/src", shop_web),
        ([shared, shop, shop_web], "services/shop/webhooks", shop),
        ([shared, shop], "services/shopping/src", shared),
        ([shared, shop, money], "services/stock/src", shared),
        ([money, provider(SHARED + "/tools")], "services/stock/src", provider(SHARED + "/tools")),
        ([shop, provider("3rdparty/python2")], "services/stock/src", provider("3rdparty/python2")),
        ([shop, money], "services/stock/src", money),
        ([script, shop], "services/shop/tools", shop),
        ([script, money], "services/shop/tools", money),
        ([script], "services/stock/src", script),
        ([shop, shared], None, shared),
        ([shop, money], None, money),
        ([root, shared], "services/stock/src", shared),
        ([root], "services/stock/src", root),
        ([provider("a", name="b"), provider("a", name="a")], "a", provider("a", name="a")),
    ],
)
def test_choose(candidates: list[Provider], importer: str | None, chosen: Provider | None) -> None:
    assert choose(candidates, importer, SHARED) == chosen
    assert choose(reversed(candidates), importer, SHARED) == chosen
