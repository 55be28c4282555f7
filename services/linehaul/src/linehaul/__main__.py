"""Start the service: `python -m linehaul`."""

from linehaul.app import create_app
from linehaul.store import Store
from service_setup.logs import configure_logging
from service_setup.serve import serve
from service_setup.settings import settings_or_exit


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = settings_or_exit()
    configure_logging(settings.log_level)
    serve(create_app(Store(settings.database)), settings)


if __name__ == "__main__":
    main()
