"""Start the service: `python -m package_index`."""

from package_index.app import create_app
from package_index.downloads import Reporter
from package_index.settings import read_index_settings
from package_index.store import Store
from service_setup.logs import configure_logging
from service_setup.serve import serve
from service_setup.settings import settings_or_exit


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = settings_or_exit(read_index_settings)
    configure_logging(settings.service.log_level)
    serve(create_app(Store(settings.packages), Reporter(settings.linehaul_url)), settings.service)


if __name__ == "__main__":
    main()
