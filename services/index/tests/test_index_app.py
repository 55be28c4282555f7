from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from index_samples import sdist, sha256, wheel, metadata_of
from starlette.testclient import TestClient

from package_index.app import create_app
from package_index.downloads import Reporter
from package_index.store import Store

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "packages"
    path.mkdir()
    return path


@pytest.fixture
def client(folder: Path) -> TestClient:
    return TestClient(create_app(Store(folder), Reporter(None)))


def answer(response: httpx2.Response) -> tuple[int, object]:
    return response.status_code, response.json()


def upload(client: TestClient, path: Path, **changed: str) -> tuple[int, object]:
    fields = {":action": "file_upload", "sha256_digest": sha256(path.read_bytes()), **changed}
    name = fields.pop("file_name", path.name)
    return answer(
        client.post("/legacy/", data=fields, files={"content": (name, path.read_bytes())})
    )


def test_an_empty_folder(client: TestClient) -> None:
    assert answer(client.get("/simple/", headers=JSON)) == (
        200,
        {"meta": {"api-version": "1.1"}, "projects": []},
    )
    assert answer(client.get("/simple/six/")) == (404, {"error": "there is no project 'six'"})


def test_json(client: TestClient, folder: Path) -> None:
    new, old, source = (
        wheel(folder, "bread_box", "1.10"),
        wheel(folder, "bread_box", "1.9"),
        sdist(folder, "bread_box", "1.10"),
    )
    (folder / f"{old.name}.yanked.json").write_text('{"reason": "stale <bread>"}')
    (folder / f"{source.name}.yanked.json").write_text("{}")
    (folder / "notes.txt").write_text("no distribution")
    (folder / "broken-1.0.tar.gz").write_text("no distribution")
    response = client.get("/simple/bread-box/", headers=JSON)
    assert (response.headers["content-type"], response.headers["vary"]) == (
        "application/vnd.pypi.simple.v1+json",
        "Accept",
    )

    def shown(path: Path, **others: object) -> dict[str, object]:
        return {
            "filename": path.name,
            "url": f"../../files/{path.name}",
            "hashes": {"sha256": sha256(path.read_bytes())},
            "size": path.stat().st_size,
            "upload-time": "2024-05-31T23:59:58.250000Z",
            "requires-python": ">=3.8",
            **others,
        }

    def core_metadata(version: str) -> dict[str, str]:
        return {"sha256": sha256(metadata_of("bread_box", version))}

    assert response.json() == {
        "meta": {"api-version": "1.1"},
        "name": "bread-box",
        "versions": ["1.9", "1.10"],
        "files": [
            shown(old, yanked="stale <bread>", **{"core-metadata": core_metadata("1.9")}),
            shown(new, yanked=False, **{"core-metadata": core_metadata("1.10")}),
            shown(source, yanked=True),
        ],
    }
    assert client.get("/simple/", headers=JSON).json() == {
        "meta": {"api-version": "1.1"},
        "projects": [{"name": "bread-box"}, {"name": "broken"}],
    }


def test_html(client: TestClient, folder: Path) -> None:
    path = wheel(folder, "bread_box", "1.0")
    (folder / f"{path.name}.yanked.json").write_text('{"reason": "stale <\\"bread\\">"}')
    response = client.get("/simple/Bread.Box/")
    assert [past.headers["location"] for past in response.history] == ["../bread-box/"]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.text.splitlines()[7:-2] == [
        f'<a href="../../files/{path.name}#sha256={sha256(path.read_bytes())}" '
        'data-requires-python="&gt;=3.8" data-core-metadata="sha256='
        f'{sha256(metadata_of("bread_box", "1.0"))}" '
        f'data-yanked="stale &lt;&quot;bread&quot;&gt;">{path.name}</a><br>'
    ]
    assert client.get("/simple/").text.splitlines()[7:-2] == [
        '<a href="bread-box/">bread-box</a><br>'
    ]


def test_files(client: TestClient, folder: Path) -> None:
    path, source = wheel(folder, "box", "1.0"), sdist(folder, "box", "1.0")
    assert client.get(f"/files/{path.name}").content == path.read_bytes()
    assert client.get(f"/files/{path.name}.metadata").content == metadata_of("box", "1.0")
    part = client.get(f"/files/{source.name}", headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, source.read_bytes()[2:6])
    (folder / "secret").write_text("")
    for name in (f"{source.name}.metadata", "box-2.0.tar.gz", "secret", "..%2Fpackages%2Fsecret"):
        assert client.get(f"/files/{name}").status_code == 404


def test_an_upload_appears_once(client: TestClient, folder: Path, tmp_path: Path) -> None:
    path = wheel(tmp_path, "box", "1.0")
    assert upload(client, path) == (200, {"stored": path.name})
    assert (folder / path.name).read_bytes() == path.read_bytes()
    assert upload(client, path) == (409, {"error": f"{path.name} already exists"})
    assert [found.name for found in folder.iterdir()] == [path.name]


def test_one_of_many_uploads_wins(client: TestClient, tmp_path: Path) -> None:
    path = sdist(tmp_path, "box", "1.0")
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(status for status, _ in pool.map(lambda _: upload(client, path), "12345"))
    assert statuses == [200, 409, 409, 409, 409]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({":action": "submit"}, ":action is not file_upload"),
        ({"sha256_digest": "0"}, "the SHA-256 of box-1.0.tar.gz is not '0'"),
        ({"file_name": "box-2.0.tar.gz"}, "box-2.0.tar.gz holds box 1.0"),
        ({"file_name": "fox-1.0.tar.gz"}, "fox-1.0.tar.gz holds box 1.0"),
        (
            {"file_name": "../box-1.0.tar.gz"},
            "'../box-1.0.tar.gz' is not the name of a wheel or of a .tar.gz sdist",
        ),
        (
            {"file_name": "box-1.0.exe"},
            "'box-1.0.exe' is not the name of a wheel or of a .tar.gz sdist",
        ),
        (
            {"file_name": "box-1.0-py3-none-any.whl"},
            "box-1.0-py3-none-any.whl: damaged archive (File is not a zip file)",
        ),
    ],
)
def test_refused_uploads_leave_nothing(
    client: TestClient, folder: Path, tmp_path: Path, changed: dict[str, str], error: str
) -> None:
    assert upload(client, sdist(tmp_path, "box", "1.0"), **changed) == (400, {"error": error})
    assert list(folder.iterdir()) == []


def test_no_form(client: TestClient) -> None:
    error = {"error": "content, a file, and sha256_digest are needed"}
    assert answer(client.post("/legacy/", data={":action": "file_upload"})) == (400, error)


def test_unaccepted_types(client: TestClient) -> None:
    assert answer(client.get("/simple/", headers={"Accept": "image/png"})) == (
        406,
        {"error": "no accepted content type is one of the simple API"},
    )


def test_health(client: TestClient, folder: Path) -> None:
    assert answer(client.get("/healthz")) == (200, {"status": "ok", "checks": {"packages": "ok"}})
    folder.rmdir()
    assert answer(client.get("/healthz")) == (
        503,
        {"status": "failing", "checks": {"packages": "failing"}},
    )
