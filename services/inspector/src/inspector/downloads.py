"""Ask linehaul for downloads; its README describes the answer."""

import logging
from collections import Counter

import httpx2

log = logging.getLogger(__name__)


async def downloads_by_version(
    http: httpx2.AsyncClient, linehaul_url: str | None, project: str
) -> Counter[str] | None:
    """Return all downloads of a project (normalised name) per version.

    Returns None if there is no URL, and (logged) if linehaul does not answer as it should.
    """
    if linehaul_url is None:
        return None
    totals: Counter[str] = Counter()
    try:
        response = await http.get(f"{linehaul_url.rstrip('/')}/counts/{project}")
        if not response.is_success:
            raise ValueError(f"status {response.status_code}")
        for count in response.json()["counts"]:
            totals[count["version"]] += int(count["downloads"])
    except (httpx2.HTTPError, ValueError, LookupError, TypeError) as error:
        fields = {"project": project, "error": str(error) or type(error).__name__}
        log.warning("downloads unknown", extra={"fields": fields})
        return None
    return totals
