"""Weekly totals."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TypedDict

import pandas as pd

from linehaul.store import Count


class Report(TypedDict):
    """The Mondays of the weeks (ISO dates), and for each project its total in each week."""

    weeks: list[str]
    projects: dict[str, list[int]]


def first_day(weeks: int, today: date) -> date:
    """Return the Monday of the first of so many weeks, the last of which contains `today`."""
    return today - timedelta(days=today.weekday(), weeks=weeks - 1)


def weekly_totals(counts: Iterable[Count], weeks: int, today: date) -> Report:
    """Add up the counts of the last so many weeks; the current one is the last of them.

    Counts of other days are left out, and so are projects without any download.
    """
    start = first_day(weeks, today)
    mondays = pd.date_range(start, periods=weeks, freq="7D")
    end = start + timedelta(weeks=weeks)
    rows = [(c.project, c.day, c.downloads) for c in counts if start <= c.day < end]
    frame = pd.DataFrame(rows, columns=["project", "day", "downloads"])
    day = pd.to_datetime(frame["day"])
    frame["week"] = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    totals = (
        frame.groupby(["project", "week"])["downloads"]
        .sum()
        .unstack("week", fill_value=0)
        .reindex(columns=mondays, fill_value=0)
    )
    return {
        "weeks": [monday.date().isoformat() for monday in mondays],
        "projects": dict(zip(totals.index.tolist(), totals.to_numpy(dtype=int).tolist())),
    }
