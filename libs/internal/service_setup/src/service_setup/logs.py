"""Structured logs: one JSON object a line, on stderr."""

import json
import logging
from datetime import UTC, datetime

# HTTP clients that log the URL or the headers of every request, and these may hold a password.
_TELLTALES = ("httpcore2", "httpx2")


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON.

    `log.info("stored", extra={"fields": {"lines": 3}})` adds its fields to the object.
    """

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def configure_logging(level: str) -> None:
    """Send every log record from `level` upwards to stderr as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _TELLTALES:
        logging.getLogger(name).setLevel(max(logging.getLogger().level, logging.WARNING))
