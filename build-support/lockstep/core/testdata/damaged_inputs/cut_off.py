# /// script
# dependencies = [
# ///
import rich
