"""Talk to a linehaul service."""

from datetime import date
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx2

from linehaul.store import Count


class ClientError(Exception):
    """The service could not be reached in time, refused the request, or answered nonsense."""


class Client:
    """A client of the service at `url`; every method raises ClientError.

    Nothing is sent twice: after a timeout it is unknown whether a batch was stored.
    """

    def __init__(self, url: str, timeout: float = 10) -> None:
        """`timeout` is in seconds, for connecting and for each wait on an answer."""
        self._http = httpx2.Client(base_url=url, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, lines: str) -> int:
        """Send a batch of log lines and return how many were stored: all of them."""
        answer = self._request("POST", "/lines", content=lines.encode())
        try:
            return int(answer["stored"])
        except (KeyError, TypeError, ValueError) as error:
            raise ClientError(f"unexpected answer: {answer!r}") from error

    def counts(
        self, project: str, since: date | None = None, until: date | None = None
    ) -> list[Count]:
        """Return the counts of a project per day and version, both days included."""
        days = {"since": since, "until": until}
        params = {name: day.isoformat() for name, day in days.items() if day}
        answer = self._request("GET", f"/counts/{quote(project, safe='')}", params=params)
        try:
            return [
                Count(
                    answer["project"],
                    count["version"],
                    date.fromisoformat(count["day"]),
                    count["downloads"],
                )
                for count in answer["counts"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise ClientError(f"unexpected answer: {answer!r}") from error

    def _request(self, method: str, path: str, **content: Any) -> Any:
        try:
            response = self._http.request(method, path, **content)
        except httpx2.HTTPError as error:
            raise ClientError(f"{method} {path}: {error or type(error).__name__}") from error
        if not response.is_success:
            raise ClientError(f"{method} {path}: {response.status_code} {response.text}")
        try:
            return response.json()
        except ValueError as error:
            raise ClientError(f"{method} {path}: the answer is not JSON") from error
