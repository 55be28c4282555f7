"""Start the service: `python -m inspector`."""

from feature_flags import flags_or_exit
from inspector.app import create_app
from inspector.settings import read_inspector_settings
from service_setup.logs import configure_logging
from service_setup.serve import serve
from service_setup.settings import settings_or_exit


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = settings_or_exit(read_inspector_settings)
    flags = flags_or_exit("inspector")
    configure_logging(settings.service.log_level)
    serve(create_app(settings.index_url, settings.linehaul_url, flags), settings.service)


if __name__ == "__main__":
    main()
