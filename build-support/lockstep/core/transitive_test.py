"""Who provides an import that no input states."""

from __future__ import annotations

import pytest

from lockstep.core.graph import Installed, LockGraph, derive
from lockstep.core.lock import Lock, Pin
from lockstep.core.transitive import TransitivePin, provider_of

PINS = {
    "app": ("-c bounds.txt", "-r services/b/requirements.in", "-r services/a/requirements.in"),
    "Far_Away": ("near",),
    "google-auth": ("google-storage",),
    "google-storage": ("app",),
    "included": ("-c bounds.txt", "-r more/all.in"),
    "near": ("app", "zoo"),
    "ring": ("ring2",),
    "ring2": ("ring",),
    "twin": ("near", "app[web]"),
    "twin-too": ("near",),
    "unasked": (),
    "zoo": ("-r services/c/requirements.in",),
}
MODULES = {
    "Far_Away": ("far",),
    "google-auth": ("google.auth", "google.oauth2"),
    "google-storage": ("google.cloud", "google.cloud.storage"),
    "included": ("included",),
    "ring": ("ring",),
    "twin": ("twin",),
    "twin-too": ("twin",),
    "unasked": ("unasked",),
}
LOCK = Lock("lock.txt", tuple(Pin(name, "1", ("sha256:a",), via) for name, via in PINS.items()))
GRAPH = derive(LOCK, [Installed(name, "1", modules=MODULES.get(name, ())) for name in PINS])
A = "services/a/requirements.in"


@pytest.mark.parametrize(
    "module,project,through",
    [
        ("far", "far-away", (A, "app", "near")),
        ("far.part.name", "far-away", (A, "app", "near")),
        ("google.auth", "google-auth", (A, "app", "google-storage")),
        ("google.cloud.storage.Client", "google-storage", (A, "app")),
        ("included", "included", ("more/all.in",)),
        ("twin", "twin", (A, "app")),
        ("ring", "ring", ()),
        ("unasked", "unasked", ()),
    ],
)
def test_the_project_and_the_shortest_way_to_it(
    module: str, project: str, through: tuple[str, ...]
) -> None:
    assert provider_of(module, LOCK, GRAPH) == TransitivePin(project, through)


@pytest.mark.parametrize("module", ["fa", "farther", "google", "google.other", "zoo"])
def test_what_no_pin_provides(module: str) -> None:
    assert provider_of(module, LOCK, GRAPH) is None


def test_a_graph_that_is_stale_tells_nothing() -> None:
    other = Lock("lock.txt", (Pin("twin", "1", ("sha256:b",)),))
    assert provider_of("twin", other, GRAPH) is None
    assert provider_of("twin", LOCK, LockGraph(())) is None
