"""Reads and writes locks in requirements.txt format.

What `pip-compile` and `uv pip compile` write with hashes and split annotations is read and written
back to the byte. Anything the reader does not know is an error that names file, line and mend:
a damaged lock must never look like a shorter one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Iterable, Iterator
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.version import Version

from lockstep.core import markers
from lockstep.core.errors import TextError, redacted
from lockstep.core.lock import FORMAT, Header, Lock, Pin

_ENTRY = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(?:\[(?P<extras>[A-Za-z0-9._,\s-]*)\])?"
    r"(?:\s*==\s*(?P<version>[^\s;,]+)|\s*@\s*(?P<url>\S+))"
    r"(?:\s*;\s*(?P<marker>.+))?"
)
_HASH = re.compile(r"--hash=(?P<value>(?P<algorithm>[a-z0-9]+):(?P<hex>[0-9a-f]+))")
_HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_ANNOTATION = re.compile(r"# via(?: (?P<several>.*\S))?|#   (?P<one>\S.*)|# from \S+|#")
_TITLE = re.compile(r"# Lockstep lock, format (\d+)\.")
_FIELD = re.compile(r"# (resolve|inputs|resolver|environments|cut-off|younger): (.+)")
_END = re.compile(r"# end: (\d+) pins")
_OPTION = re.compile(
    r"--(index-url|extra-index-url|no-index|find-links|trusted-host|pre|prefer-binary"
    r"|no-binary|only-binary)(?=[\s=]|$)"
)
_RESTORE = "Restore the file from version control, or run `./pants lock` to write it anew"


def parse(text: str, path: str) -> Lock:
    """Read a lock.

    Args:
        text: the whole file.
        path: how to call the file in errors, relative to the build root.

    Raises:
        TextError: the text is empty, holds a line that belongs to no lock, or states a pin twice.
    """
    return _Reader(text, path).lock()


class _Reader:
    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.lines = text.replace("\r\n", "\n").split("\n")
        if self.lines[-1] != "":
            self.fail(len(self.lines), "the last line has no line end, so the file is cut off")
        self.lines.pop()
        self.at = 0

    def fail(self, line: int, fault: str) -> None:
        raise TextError(self.path, line, fault, mend=_RESTORE)

    def lock(self) -> Lock:
        preamble = tuple(self._take_comments())
        header = self._header(preamble)
        pins: list[Pin] = []
        lead: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith("--") and not _OPTION.match(line):
                option = _short(re.split(r"[\s=]", line)[0])
                self.fail(self.at + 1, f"the option `{option}` belongs in no lock")
            if line == "" or line.startswith(("#", "--")):
                lead.append(line)
                self.at += 1
            else:
                pins.append(self._pin(tuple(lead)))
                lead = []
        if not pins and header is None:
            self.fail(1, "the lock holds no pin")
        self._no_duplicates(pins)
        if header is not None:
            self._whole(pins, lead)
        return Lock(self.path, tuple(pins), header, preamble, tuple(lead))

    def _whole(self, pins: list[Pin], trailer: list[str]) -> None:
        """A lock of ours ends by saying so: one cut off between two pins would look like a lock."""
        end = _END.fullmatch(trailer[-1]) if trailer else None
        if end is None:
            self.fail(len(self.lines), "the line that ends the lock is missing, so it is cut off")
        elif end[1] != str(len(pins)):
            self.fail(
                len(self.lines),
                f"the lock says that it holds {_short(end[1])} pins, but {len(pins)} stand in it",
            )

    def _take_comments(self) -> Iterator[str]:
        while self.at < len(self.lines) and self.lines[self.at].startswith("#"):
            yield self.lines[self.at]
            self.at += 1

    def _header(self, preamble: tuple[str, ...]) -> Header | None:
        titles = [match for match in map(_TITLE.match, preamble[:1]) if match]
        if not titles:
            return None
        written = titles[0].group(1).lstrip("0")
        if len(written) > len(str(FORMAT)) or int(written or "0") > FORMAT:
            raise TextError(
                self.path,
                1,
                f"the lock has format {_short(written)}, this Lockstep reads up to {FORMAT}",
                mend="Update Lockstep in this checkout",
            )
        fields = {match[1]: match[2] for match in map(_FIELD.match, preamble) if match}
        missing = sorted({"resolve", "inputs", "resolver", "environments"} - fields.keys())
        if missing:
            self.fail(1, f"the header lacks `{missing[0]}:`")
        return Header(
            resolve=fields["resolve"],
            inputs=fields["inputs"].replace("sha256:", "", 1),
            resolver=fields["resolver"],
            environments=tuple(fields["environments"].split("; ")),
            cut_off=fields.get("cut-off", ""),
            younger=tuple(filter(None, fields.get("younger", "").split("; "))),
        )

    def _pin(self, lead: tuple[str, ...]) -> Pin:
        start = self.at
        line = self.lines[start]
        entry, comment = _split_comment(line)
        continued = entry.endswith("\\")
        entry = entry.rstrip("\\").strip()
        hashes: list[str] = []
        if "--hash=" in entry:
            entry, _, rest = entry.partition("--hash=")
            hashes.extend(self._hashes(f"--hash={rest}", start + 1))
        match = _ENTRY.fullmatch(entry.strip())
        if line[:1].isspace() or match is None:
            self.fail(start + 1, f"`{_short(line)}` is not a pin (`name==version`)")
        assert match is not None
        self._valid(entry.strip(), match, start + 1)
        self.at += 1
        while continued:
            continued = self._continuation(hashes)
        via = tuple(self._via(comment))
        return Pin(
            name=match["name"],
            version=match["version"],
            hashes=tuple(hashes),
            via=via,
            marker=match["marker"].strip() if match["marker"] else None,
            extras=tuple(e.strip() for e in match["extras"].split(",")) if match["extras"] else (),
            url=match["url"],
            lead=lead,
            line=start + 1,
        )

    def _continuation(self, hashes: list[str]) -> bool:
        if self.at >= len(self.lines):
            self.fail(len(self.lines), "the file ends within an entry")
        line = self.lines[self.at]
        text, _ = _split_comment(line)
        if not line.startswith((" ", "\t")) or not text.strip().startswith("--hash="):
            self.fail(self.at + 1, f"`{_short(line)}` stands where a `--hash=` must follow")
        hashes.extend(self._hashes(text.strip().rstrip("\\"), self.at + 1))
        self.at += 1
        return text.rstrip().endswith("\\")

    def _hashes(self, text: str, line: int) -> Iterator[str]:
        for word in text.split():
            match = _HASH.fullmatch(word)
            if match is None or len(match["hex"]) != _HEX_LENGTHS.get(match["algorithm"]):
                self.fail(line, f"`{_short(word)}` is not a hash (`--hash=sha256:` and 64 digits)")
            assert match is not None
            yield match["value"]

    def _valid(self, entry: str, match: re.Match[str], line: int) -> None:
        try:
            if match["extras"] or match["url"]:  # the pattern says all else
                Requirement(entry)
            elif match["marker"]:  # read once for all pins that share it, which `packaging` is not
                markers.read(match["marker"].strip())
            urlsplit(match["url"] or "")
            if match["version"]:
                Version(match["version"])
        except (ValueError, RecursionError):  # `packaging` and `urlsplit` raise both
            self.fail(line, f"`{_short(entry)}` is not a valid requirement (PEP 508)")

    def _via(self, inline: str) -> Iterator[str]:
        """The `# via` entries behind or below an entry, of either annotation style."""
        if inline.startswith("via "):
            yield from _listed(inline[len("via ") :])
        while self.at < len(self.lines) and self.lines[self.at].startswith((" ", "\t")):
            text = self.lines[self.at].strip()
            if not text.startswith("#"):
                self.fail(self.at + 1, f"`{_short(self.lines[self.at])}` belongs to no pin")
            annotation = _ANNOTATION.fullmatch(text)
            if annotation is None:
                self.fail(self.at + 1, f"`{_short(text)}` is no annotation (`# via name`)")
            assert annotation is not None
            if annotation["one"]:
                yield annotation["one"]
            elif annotation["several"]:
                yield from _listed(annotation["several"])
            self.at += 1

    def _no_duplicates(self, pins: Iterable[Pin]) -> None:
        seen: dict[tuple[str, str | None], Pin] = {}
        for pin in pins:
            first = seen.setdefault((pin.key, pin.marker), pin)
            if first is not pin:
                self.fail(pin.line, f"`{pin.name}` is pinned a second time (first: {first.line})")


def _listed(annotation: str) -> Iterator[str]:
    """The entries of an annotation on one line."""
    return filter(None, (entry.strip() for entry in annotation.split(", ")))


def _split_comment(line: str) -> tuple[str, str]:
    """An entry line and the text of a comment behind it (pip wants a blank before the `#`)."""
    match = re.search(r"(?:^|\s)#\s*", line)
    if match is None:
        return line.rstrip(), ""
    return line[: match.start()].rstrip(), line[match.end() :].strip()


def _short(text: str) -> str:
    shown = (c if c.isprintable() else ascii(c)[1:-1] for c in redacted(text.strip()))
    text = "".join(shown)
    return text if len(text) <= 60 else f"{text[:57]}..."


def render(lock: Lock) -> str:
    """A lock as text, in the layout of pip-compile with split annotations."""
    lines = [*lock.preamble]
    for pin in lock.pins:
        lines.extend(pin.lead)
        lines.extend(pin_lines(pin))
    lines.extend(lock.trailer)
    return "".join(f"{line}\n" for line in lines)


def pin_lines(pin: Pin) -> Iterator[str]:
    """The lines of one entry: requirement, hashes, annotation."""
    words = [pin.requirement, *(f"    --hash={value}" for value in pin.hashes)]
    yield from (f"{word} \\" for word in words[:-1])
    yield words[-1]
    if len(pin.via) == 1 and ", " not in pin.via[0]:
        yield f"    # via {pin.via[0]}"
    elif pin.via:
        yield "    # via"
        yield from (f"    #   {entry}" for entry in pin.via)


def header_lines(header: Header, command: str = "./pants lock") -> tuple[str, ...]:
    """The comment lines at the top of a lock that Lockstep writes."""
    cut_off = [f"# cut-off: {header.cut_off}"] if header.cut_off else []
    younger = [f"# younger: {'; '.join(header.younger)}"] if header.younger else []
    return (
        f"# Lockstep lock, format {FORMAT}. Do not edit: `{command}` writes it.",
        f"# resolve: {header.resolve}",
        f"# inputs: sha256:{header.inputs}",
        f"# resolver: {header.resolver}",
        f"# environments: {'; '.join(header.environments)}",
        *cut_off,
        *younger,
    )


def finished(path: str, header: Header, pins: Iterable[Pin]) -> Lock:
    """A lock as Lockstep writes it: sorted, with its header, one blank line before the pins."""
    ordered = sorted(pins, key=lambda pin: (pin.key, pin.marker or ""))
    bare = [
        Pin(p.name, p.version, tuple(sorted(p.hashes)), p.via, p.marker, p.extras, p.url)
        for p in ordered
    ]
    first, rest = bare[:1], bare[1:]
    led = [replace(pin, lead=("",)) for pin in first]
    trailer = (*(() if bare else ("",)), f"# end: {len(bare)} pins")
    return Lock(path, (*led, *rest), header, header_lines(header), trailer)
