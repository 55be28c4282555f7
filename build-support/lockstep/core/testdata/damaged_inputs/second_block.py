# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "rich",
# ]
# ///
import rich
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "rich",
# ]
# ///
import rich
