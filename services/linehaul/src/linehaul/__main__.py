"""Start the service: `python -m linehaul`."""

import sys
from pathlib import Path

from linehaul.app import create_app
from linehaul.postgres_store import PostgresStore
from linehaul.settings import read_linehaul_settings
from linehaul.sqlite_store import SqliteStore
from linehaul.store import Store, StoreError
from service_setup.logs import configure_logging
from service_setup.serve import serve
from service_setup.settings import PostgresUrl, settings_or_exit


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = settings_or_exit(read_linehaul_settings)
    configure_logging(settings.service.log_level)
    try:
        store = _open(settings.database)
    except StoreError as error:
        sys.exit(f"DATABASE cannot be used: {error}.")
    serve(create_app(store), settings.service)


def _open(database: Path | PostgresUrl) -> Store:
    if isinstance(database, PostgresUrl):
        return PostgresStore(database.value)
    return SqliteStore(database)


if __name__ == "__main__":
    main()
