"""What every service shares: settings, logs, the health route and the server.

Import the modules themselves, so that a service depends only on what it uses.
"""
