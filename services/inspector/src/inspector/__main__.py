"""Start the service: `python -m inspector`."""

from inspector.app import create_app
from inspector.settings import read_inspector_settings
from service_setup.logs import configure_logging
from service_setup.serve import serve
from service_setup.settings import settings_or_exit


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = settings_or_exit(read_inspector_settings)
    configure_logging(settings.service.log_level)
    serve(create_app(settings.index_url, settings.linehaul_url), settings.service)


if __name__ == "__main__":
    main()
