"""Web pages that show what distributions contain."""
