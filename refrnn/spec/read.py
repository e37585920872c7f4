"""Reads the YAML of a spec: plain data and the line of everything in it, or one SpecError and nothing else.

The subset of YAML that is read:

* one document whose top is a mapping; mappings, lists and scalars in block or flow style, comments, all quotes;
* keys are text and occur once; plain ``true``, ``false``, ``null`` (or nothing), decimal integers such as ``-12`` and
  decimal numbers such as ``0.5`` or ``1e-3`` have their meaning, and every other plain scalar is text:
  ``y``, ``no`` and ``on`` name symbols, and ``0o7``, ``007``, ``1_000``, ``1:30``, ``.inf`` and ``~`` are not numbers;
* no anchors, aliases, tags, directives, merge keys, complex keys or control characters.

The data is built in one iterative walk over the parser's events, so that no text is too deep for the interpreter.
"""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from refrnn.errors import SpecError, cut, quoted

LARGEST = 2**20  # bytes of a file, characters of a text
DEEPEST = 20  # mappings and lists in one another
LONGEST_INTEGER = 18  # digits: what fits 64 bits

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS = {"": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")
# Besides control characters: the line ends that only YAML 1.1 knows, halves of surrogate pairs, byte order marks.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")

# Byte order marks; that of UTF-32 begins with that of UTF-16.
_MARKS = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}

_TAB_MEND = "a tab stands where only spaces may, so use spaces"
_QUOTE_MEND = "a quote is opened here and never closed, so close it"
_BRACKET_MEND = "a [ or { is not closed, or text with one of [ ] { } , in it needs quotes"
_INDENT_MEND = "align the line with those before it, and put text that holds quotes in single quotes"
_OTHER_MEND = "write it as the other specs do"
_MENDS = {
    "mapping values are not allowed": "put text that holds a colon and a space in quotes",
    "cannot start any token": "put text that begins with this character in quotes",
    "unexpected end of stream": _QUOTE_MEND,
    "unexpected document": _QUOTE_MEND,
    "',' or": _BRACKET_MEND,
    "expected ':'": "write key: value, or put text of several lines in quotes",
    "escape": "put text that holds a \\ in single quotes",
    "tab character": _TAB_MEND,
    "expected <block end>": _INDENT_MEND,
    "expected key": _INDENT_MEND,
    "expected '-'": _INDENT_MEND,
    "not allowed": "begin a list entry or key on a line of its own",
}


@dataclass(frozen=True)
class Document:
    """What a YAML text says: ``data`` is the top mapping, ``source`` the name that errors give the text."""

    data: dict
    source: str
    _lines: dict = field(repr=False)

    def line(self, path=()):
        """The line of a path such as ("symbols", "x", "role") or ("equations", 3), counted from 1.

        An entry of a mapping stands where its key does. What is not in the document is where its nearest parent is.
        """
        line, below = 1, self._lines
        for step in path:
            known = isinstance(below, dict) or (isinstance(below, list) and type(step) is int and 0 <= step < len(below))
            if not known or (isinstance(below, dict) and step not in below):
                break
            line, below = below[step]
        return line


def read_file(path):
    """The Document of a YAML file."""
    path = Path(path)
    try:
        if path.is_dir():
            raise SpecError(f"{path} is a folder; name a YAML file in it")
        if path.exists() and not path.is_file():
            raise SpecError(f"{path} is no ordinary file; name a YAML file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except SpecError:
        raise
    except FileNotFoundError:
        raise SpecError(f"there is no file {path}; name a YAML file that exists") from None
    except PermissionError:
        raise SpecError(f"{path} may not be read; give yourself the right to read it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(f"{str(path)[:200]!r} can't be read ({reason}); name a YAML file") from None
    return read(content, path.name)


def read(text, source):
    """The Document of a YAML text (or its UTF-8 bytes); ``source`` is the name that errors give it."""
    text = _checked_text(text, source)
    builder = _Builder(source)
    loader = None
    try:
        loader = _LOADER(text)
        while loader.check_event():
            builder.take(loader.get_event())
    except SpecError:
        raise
    except yaml.YAMLError as error:
        raise _unreadable(error, text, source) from None
    except (ValueError, OverflowError, IndexError) as error:
        # The pure-Python scanner lets some malformed escapes through to chr() and int().
        raise SpecError(f"{source}, line {builder.line}: the text here is not YAML ({error}); put it in single quotes") from None
    finally:
        if loader is not None:
            loader.dispose()
    if builder.data is None:
        raise SpecError(f"{source}: the document is empty; write a mapping of keys to values")
    return Document(builder.data, source, builder.lines)


def _checked_text(text, source):
    if not isinstance(text, (str, bytes)):
        raise SpecError(f"{source}: a spec is text, not {type(text).__name__}; hand over a string")
    if len(text) > LARGEST:
        raise SpecError(f"{source}: the text is longer than {LARGEST:,} characters; split it into several files")
    if isinstance(text, bytes):
        text = _decoded(text, source)
    text = text.removeprefix("\ufeff")
    found = _FORBIDDEN.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise SpecError(f"{source}, line {line}: the character U+{ord(found[0]):04X} can't stand in a spec; delete it")
    return text


def _decoded(content, source):
    """UTF-8, with or without a byte order mark; any other encoding is refused by its likeliest name."""
    marked = next((name for mark, name in _MARKS.items() if content.startswith(mark)), None)
    if marked is None and 0 in content:
        marked = "not text, or UTF-16"
    if marked is not None:
        raise SpecError(f"{source}, line 1: the file is {marked}; save it as UTF-8")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        byte = content[error.start]
        guess = f", in Latin-1 {chr(byte)!r}" if byte >= 0xA0 else ""
        raise SpecError(f"{source}, line {line}: the text is not UTF-8 (byte {byte:02X} in column {column}{guess}); save the file as UTF-8") from None


def _unreadable(error, text, source):
    """The parser's own complaint, with the mend for the usual causes."""
    problem = getattr(error, "problem", None) or "it is not YAML"
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return SpecError(f"{source}: the YAML can't be read ({problem}); {_OTHER_MEND}")
    lines = text.split("\n")
    number = min(mark.line, len(lines) - 1)
    mend = next((mend for words, mend in _MENDS.items() if words in problem), _OTHER_MEND)
    if lines[number][mark.column : mark.column + 1] == "\t":
        mend = _TAB_MEND
    elif mend in (_QUOTE_MEND, _BRACKET_MEND) and error.context_mark is not None:
        number = error.context_mark.line  # where it was opened
    return SpecError(f"{source}, line {number + 1}: the YAML can't be read ({problem}); {mend}")


class _Builder:
    """Takes events one by one and grows the data; refuses whatever is not in the subset."""

    def __init__(self, source):
        self.source = source
        self.data = None
        self.lines = None
        self.line = 1
        self.documents = 0
        self.stack = []  # of the mappings and lists that are open, outermost first

    def take(self, event):
        self.line = event.start_mark.line + 1
        handle = _HANDLERS.get(type(event))
        if handle is not None:
            handle(self, event)

    def fail(self, text):
        steps = [frame.last() for frame in self.stack[:-1]] + [frame.next() for frame in self.stack[-1:]]
        path = ".".join(cut(step) for step in steps if step is not None)
        raise SpecError(f"{self.source}, line {self.line}{', in ' if path else ''}{path}: {text}")

    # ------------------------------------------------------------ events

    def begin_document(self, event):
        self.documents += 1
        if self.documents > 1:
            self.fail("a second document begins; keep one document in a file")
        if event.version or event.tags:
            self.fail("a line that begins with % is a directive, which a spec does not have; delete it")

    def refuse_alias(self, event):
        self.fail(f"*{cut(event.anchor)} is an alias; write the value itself, or put text with a * in quotes")

    def refuse_marks(self, event):
        if event.anchor is not None:
            self.fail(f"&{cut(event.anchor)} is an anchor; delete it, or put text with a & in quotes")
        if event.tag is not None:
            self.fail(f"{cut(event.tag)} is a tag; delete it, or put text with a ! in quotes")

    def begin_mapping(self, event):
        self.begin(event, _Frame({}, {}))

    def begin_list(self, event):
        self.begin(event, _Frame([], []))

    def begin(self, event, frame):
        self.refuse_marks(event)
        if len(self.stack) >= DEEPEST:
            self.fail(f"lists and mappings are nested deeper than {DEEPEST}; make them flat")
        if not self.stack:
            if type(frame.data) is not dict:
                self.fail("the top of the document is a list; write a mapping of keys to values")
            self.data, self.lines = frame.data, frame.lines
        elif self.stack[-1].wants_key:
            self.fail("a key is a list or a mapping; a key is text, so put it in quotes")
        else:
            self.stack[-1].add(frame.data, self.line, frame.lines)
        self.stack.append(frame)

    def end(self, event):
        self.stack.pop()

    def scalar(self, event):
        self.refuse_marks(event)
        value = event.value
        if not event.style:
            value = self.resolved(value)
        elif event.style == '"' and _FORBIDDEN.search(value):
            self.fail("a double-quoted text has an escape for a control character; delete it")
        if not self.stack:
            if value is not None:
                self.fail("the document is one value; write a mapping of keys to values")
            return
        frame = self.stack[-1]
        if frame.wants_key:
            self.key(frame, value, event)
        else:
            frame.add(value, self.line, None)

    def key(self, frame, key, event):
        if type(key) is not str:
            self.fail(f"the key {quoted(event.value)} is not text; put it in quotes")
        if key == "<<" and not event.style:
            self.fail("the key << would merge mappings, which a spec does not do; write the keys themselves")
        if key in frame.data:
            first = frame.lines[key][0]
            self.fail(f"the key {quoted(key)} stands on line {first} already; delete one of the two")
        frame.begin_entry(key, self.line)

    def resolved(self, text):
        """What a plain scalar means."""
        if text in _WORDS:
            return _WORDS[text]
        if not _NUMBER.match(text):
            return text
        if _INTEGER.match(text):
            if len(text.lstrip("+-")) > LONGEST_INTEGER:
                self.fail(f"{cut(text)} has more than {LONGEST_INTEGER} digits; put it in quotes if it is text")
            return int(text)
        number = float(text)
        if not math.isfinite(number):
            self.fail(f"{cut(text)} is too large a number; put it in quotes if it is text")
        return number


class _Frame:
    """An open mapping or list; ``lines`` mirrors ``data`` with (line, lines below) for every entry."""

    __slots__ = ("data", "lines", "name", "name_line", "wants_key")

    def __init__(self, data, lines):
        self.data = data
        self.lines = lines
        self.name = None
        self.name_line = None
        self.wants_key = type(data) is dict

    def begin_entry(self, key, line):
        self.name, self.name_line, self.wants_key = key, line, False

    def add(self, value, line, below):
        if type(self.data) is dict:
            self.data[self.name] = value
            self.lines[self.name] = (self.name_line, below)
            self.wants_key = True
        else:
            self.data.append(value)
            self.lines.append((line, below))

    def last(self):
        """The key or place of the newest entry."""
        return self.name if type(self.data) is dict else len(self.data) - 1

    def next(self):
        """The key or place of the entry to come; None before its key."""
        if type(self.data) is dict:
            return None if self.wants_key else self.name
        return len(self.data)


_HANDLERS = {
    yaml.DocumentStartEvent: _Builder.begin_document,
    yaml.MappingStartEvent: _Builder.begin_mapping,
    yaml.MappingEndEvent: _Builder.end,
    yaml.SequenceStartEvent: _Builder.begin_list,
    yaml.SequenceEndEvent: _Builder.end,
    yaml.ScalarEvent: _Builder.scalar,
    yaml.AliasEvent: _Builder.refuse_alias,
}
