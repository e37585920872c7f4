"""The YAML reader: what it reads, what it refuses and how, and that nothing else ever comes out of it."""

import random
import re

import yaml
import pytest

import refrnn
from ending import ending
from refrnn.errors import SpecError
from refrnn.spec.library import specs_folder
from refrnn.spec.read import DEEPEST, LARGEST, read, read_file

LOADERS = [yaml.SafeLoader] + ([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def loader(request, monkeypatch):
    monkeypatch.setattr("refrnn.spec.read._LOADER", request.param)
    return request.param


def refusal(text, source="cell.yaml"):
    with pytest.raises(SpecError) as caught:
        read(text, source)
    message = str(caught.value)
    assert message.startswith(source) and "\n" not in message
    return message


# ------------------------------------------------------------ what is read

SCALARS = [
    ("true", True), ("false", False), ("null", None), ("", None),
    ("12", 12), ("-1", -1), ("+3", 3), ("0", 0), ("0.5", 0.5), ("1.", 1.0), (".5", 0.5),
    ("1e-3", 1e-3), ("1.0e-6", 1e-6), ("-2E+4", -2e4), ("1e3", 1e3),
    ("y", "y"), ("n", "n"), ("Y", "Y"), ("N", "N"), ("on", "on"), ("off", "off"), ("yes", "yes"), ("no", "no"),
    ("True", "True"), ("~", "~"), ("Null", "Null"), (".inf", ".inf"), (".nan", ".nan"), ("nan", "nan"),
    ("0o7", "0o7"), ("007", "007"), ("0x1F", "0x1F"), ("1_000", "1_000"), ("1:30", "1:30"), ("2001-12-14", "2001-12-14"),
    ("=", "="), ("<<", "<<"), ("1e", "1e"), ("--1", "--1"), ("1.2.3", "1.2.3"), ("\u0661\u0662", "\u0661\u0662"),
    ("'12'", "12"), ('"true"', "true"), ("''", ""), ("|-\n  1", "1"), (">-\n  a\n  b", "a b"), ("T - 1", "T - 1"),
    ("h[t] = W @ x[t] + b * (1 - z[t])", "h[t] = W @ x[t] + b * (1 - z[t])"),
]  # fmt: skip


@pytest.mark.parametrize("text, value", SCALARS)
def test_scalar(loader, text, value):
    for data in (read(f"key: {text}\n", "s").data["key"], read(f"key:\n- {text}\n", "s").data["key"][0]):
        assert data == value and type(data) is type(value)


def test_words_of_yaml_name_symbols(loader):
    text = "symbols:\n  y: {role: value, shape: [n, y]}\n  n: no\n  on: off\noutputs: [y, n, on]\n"
    assert read(text, "s").data == {
        "symbols": {"y": {"role": "value", "shape": ["n", "y"]}, "n": "no", "on": "off"},
        "outputs": ["y", "n", "on"],
    }


def test_plain_data(loader):
    data = read("--- # comment\na: [1, {b: c}, []]\nd: {}\n...\n", "s").data
    assert data == {"a": [1, {"b": "c"}, []], "d": {}}
    assert type(data) is dict and type(data["a"]) is list


def test_line_ends_and_byte_order_mark(loader):
    for text in ("a: 1\r\nb: x\r\n", "\ufeffa: 1\nb: x\n", "a: 1\nb: x"):
        assert read(text, "s").data == {"a": 1, "b": "x"}
        assert read(text.encode(), "s").line(("b",)) == 2


def test_deepest(loader):
    def nested(depth):
        return "a: " + "[" * (depth - 1) + "]" * (depth - 1)

    read(nested(DEEPEST), "s")
    assert "deeper" in refusal(nested(DEEPEST + 1))


# ------------------------------------------------------------ lines


def test_lines(loader):
    text = (
        "id: x\n"  # 1
        "symbols:\n"  # 2
        "  x: {role: input,\n"  # 3
        "      shape: [T, I]}\n"  # 4
        "  W:\n"  # 5
        "    role:\n"  # 6
        "      parameter\n"  # 7
        "equations:\n"  # 8
        "  - a\n"  # 9
        "  -\n"  # 10
        "    b\n"  # 11
    )
    document = read(text, "s")
    assert document.source == "s"
    lines = {
        (): 1, ("id",): 1, ("symbols",): 2, ("symbols", "x"): 3, ("symbols", "x", "role"): 3,
        ("symbols", "x", "shape"): 4, ("symbols", "x", "shape", 1): 4, ("symbols", "W", "role"): 6,
        ("equations",): 8, ("equations", 0): 9, ("equations", 1): 11,
    }  # fmt: skip
    assert {path: document.line(path) for path in lines} == lines


def test_line_of_what_is_absent_is_that_of_its_parent(loader):
    document = read("\n\na:\n  - b: 1\n", "s")
    assert document.line(("a", 0, "c", "d")) == 4
    assert document.line(("a", 7)) == document.line(("a", -1)) == document.line(("a", "0")) == 3
    assert document.line(("a", 0, "b", 0)) == 4
    assert document.line(("z",)) == 1


# ------------------------------------------------------------ what is refused

REFUSED = {
    "": (None, "empty"),
    "# only a comment\n": (None, "empty"),
    "---\n": (None, "empty"),
    "null": (None, "empty"),
    "word": (1, "one value"),
    "- a\n- b\n": (1, "the top of the document is a list"),
    "a: 1\nb: 2\na: 3\n": (3, "the key 'a' stands on line 1 already"),
    "s:\n  x: {role: a, role: b}\n": (2, "in s.x: the key 'role' stands on line 2"),
    "a: 1\n'a': 2\n": (2, "the key 'a' stands on line 1"),
    "a: 1\n2: b\n": (2, "the key '2' is not text"),
    "null: b\n": (1, "the key 'null' is not text"),
    "true: b\n": (1, "the key 'true' is not text"),
    "1e3: b\n": (1, "the key '1e3' is not text"),
    "? [a]\n: b\n": (1, "a key is a list or a mapping"),
    "{a: 1}: b\n": (1, "a key is a list or a mapping"),
    "a:\n  <<: {b: 1}\n": (2, "in a: the key << would merge"),
    "a: &b 1\n": (1, "in a: &b is an anchor"),
    "&b a: 1\n": (1, "&b is an anchor"),
    "a:\n- *b\n": (2, "in a.0: *b is an alias"),
    "a: !!python/object/apply:os.system [x]\n": (1, "is a tag"),
    "a: !b c\n": (1, "!b is a tag"),
    "a: ! c\n": (1, "! is a tag"),
    "a: !!str 1\n": (1, "is a tag"),
    "%YAML 1.1\n---\na: 1\n": (1, "directive"),
    "%TAG ! tag:x,1:\n---\na: 1\n": (1, "directive"),
    "a: 1\n---\nb: 2\n": (2, "a second document"),
    "a: 1\n...\n---\n": (3, "a second document"),
    "a: " + "9" * 5000 + "\n": (1, "more than 18 digits"),
    "a: 1e999\n": (1, "too large a number"),
    "a:\n\tb: 1\n": (2, "a tab"),
    "a: |\n\tb\n": (2, "a tab"),
    "a: 1\nb: c: d\n": (2, "put text that holds a colon and a space in quotes"),
    "a: 1\nb: @c\n": (2, "begins with this character"),
    "a: 1\nb: 'c\nd: e\n": (2, "a quote is opened here and never closed"),
    "a: 1\nb: {c: d\ne: f\n": (2, "is not closed"),
    "a: 1\nb: [x[t], 2\n": (2, "is not closed"),
    'a: "b" c\n': (1, "single quotes"),
    "a:\n  b: 1\n c: 2\n": (3, "align the line"),
    'a: "\\q"\n': (1, "single quotes"),
    'a: "\\ud800"\n': (1, "text"),
    'a: "\\U00110000"\n': (1, "single quotes"),
    'a: "\\0"\n': (1, "in a: a double-quoted text has an escape for a control character"),
    "a: 1\nb: \x00\n": (2, "U+0000"),
    "a: \x1b[31m\n": (1, "U+001B"),
    "a: 1\nb: \x85\n": (2, "U+0085"),
    "a: \u2028b\n": (1, "U+2028"),
    "a: \ud800\n": (1, "U+D800"),
    "a: b\ufeff\n": (1, "U+FEFF"),
    b"a: 1\nb: \xff\n": (2, "not UTF-8"),
    "a: 1\nb: G\u00f6del".encode("latin-1"): (2, "the text is not UTF-8 (byte F6 in column 5, in Latin-1 '\u00f6'); save the file as UTF-8"),
    "a: \u201e".encode("cp1252"): (1, "the text is not UTF-8 (byte 84 in column 4); save the file as UTF-8"),
    "a: 1\n".encode("utf-16"): (1, "the file is UTF-16; save it as UTF-8"),
    "a: 1\n".encode("utf-16-be"): (1, "the file is not text, or UTF-16; save it as UTF-8"),
    "a: 1\n".encode("utf-32"): (1, "the file is UTF-32; save it as UTF-8"),
    b"\x00\x00\xfe\xff\x00\x00\x00a": (1, "the file is UTF-32; save it as UTF-8"),
    None: (None, "a spec is text, not NoneType"),
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text)[:40])
def test_refusal(loader, text):
    line, words = REFUSED[text]
    message = refusal(text)
    assert words in message
    assert message.startswith("cell.yaml: " if line is None else "cell.yaml, line ")
    assert line is None or re.match(rf"cell\.yaml, line {line}\b", message)


def test_a_bomb_does_not_go_off(loader):
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10))
    assert "anchor" in refusal(f"l0: &l0 lol\n{levels}\n")


BIG = {
    "brackets": "a: " + "[" * 100_000,
    "braces": "{a: " * 100_000,
    "open and closed brackets": "a: " + "[" * 100_000 + "]" * 100_000,
    "brackets on lines of their own": "a:\n" + " [\n" * 100_000,
    "dashes": "- " * 100_000,
    "dashes below a key": "a:\n" + "- " * 100_000,
    "dashes without spaces": "-" * 100_000,
    "question marks": "? " * 100_000,
    "colons": "a: " * 100_000,
    "steps": "\n".join(" " * depth + "a:" for depth in range(1000)),
    "anchors": "a: " + "&a " * 100_000,
    "exclamation marks": "!" * 100_000,
    "quotes": "a: " + "'" * 100_001,
    "digits": "a: " + "1" * 1_000_000,
    "ten megabytes": "a: b\n" * 2_000_000,
    "ten megabytes of bytes": b"a: b\n" * 2_000_000,
    "documents": "---\n" * 100_000,
    "percent": "%" * 100_000,
}


@pytest.mark.parametrize("name", BIG)
def test_size_and_depth_break_nothing(loader, name):
    with ending(name):
        refusal(BIG[name])


def test_largest(loader):
    words = "a: |\n"
    read(words + " x\n" * ((LARGEST - len(words)) // 3), "s")
    assert f"{LARGEST:,}" in refusal(words + " x\n" * (LARGEST // 3))


# ------------------------------------------------------------ fuzz


def spec_texts():
    return [path.read_text(encoding="utf-8") for path in sorted(specs_folder().rglob("*.yaml"))]


def mutated(text, chance):
    """``text`` with a few characters and pieces deleted, doubled, swapped or put in."""
    for _ in range(chance.randint(1, 4)):
        place, other = chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)
        length = chance.choice((1, 1, 2, 8, 40))
        piece = chance.choice(
            (
                "", chance.choice(":-?[]{},#&*!|>'\"%@`\\\t\n\r <=~"), chr(chance.randrange(0x3000)), text[other : other + length],
                chance.choice(("<<: ", "- - ", "\n---\n", "\n...\n", "!!int ", "&a *a", '"\\x', '"\\U0011', "? ", "\n%", "1e9999", "|9\n")),
            )
        )  # fmt: skip
        text = text[:place] + piece + text[place + chance.choice((0, length)) :]
    return text


def outcome(text):
    try:
        document = read(text, "cell.yaml")
    except SpecError as error:
        assert "\n" not in str(error) and str(error).startswith("cell.yaml")
        return None
    assert type(document.data) is dict
    return document.data


def test_fuzz_gives_data_or_a_refusal(loader):
    chance = random.Random(20240229)
    texts = [text[:1500] for text in spec_texts()]
    read_well = sum(outcome(mutated(chance.choice(texts), chance)) is not None for _ in range(3000))
    assert 300 < read_well < 2700


def test_fuzz_of_bytes(loader):
    chance = random.Random(7)
    for _ in range(2000):
        outcome(chance.randbytes(chance.randrange(60)))
        outcome("".join(chance.choice(":-?[]{},#&*!|>'\"%@`\\\t\n\r ab1") for _ in range(chance.randrange(60))))


def test_both_loaders_read_the_same(monkeypatch):
    def both(text):
        found = []
        for loader in (LOADERS[0], LOADERS[-1]):
            monkeypatch.setattr("refrnn.spec.read._LOADER", loader)
            found.append(outcome(text))
        return found

    chance = random.Random(11)
    texts = spec_texts()
    for text in texts:
        pure, fast = both(text)
        assert pure == fast != None  # noqa: E711
    for _ in range(1000):
        pure, fast = both(mutated(chance.choice(texts)[:1500], chance))
        assert pure == fast or pure is None or fast is None


# ------------------------------------------------------------ files


def test_file(tmp_path, loader):
    path = tmp_path / "cell.yaml"
    path.write_text("means: \u2207 of h\n", encoding="utf-8")
    for name in (path, str(path)):
        document = read_file(name)
        assert (document.data, document.source) == ({"means": "\u2207 of h"}, "cell.yaml")


def test_files_that_can_not_be_read(tmp_path, monkeypatch):
    def words(path):
        with pytest.raises(SpecError) as caught:
            read_file(path)
        return str(caught.value)

    assert "there is no file" in words(tmp_path / "none.yaml")
    assert "is a folder" in words(tmp_path)
    assert "can't be read" in words("a\0b.yaml")
    assert "can't be read" in words("x" * 5000 + ".yaml")
    assert "can't be read" in words(_file(tmp_path, b"a: 1") / "below.yaml")
    assert "cell.yaml, line 2: the text is not UTF-8" in words(_file(tmp_path, b"a: 1\nb: \xe9"))
    assert "longer than" in words(_file(tmp_path, b"a: b\n" * 2_000_000))

    def forbidden(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    path = _file(tmp_path, b"a: 1")
    monkeypatch.setattr("pathlib.Path.open", forbidden)
    assert "may not be read" in words(path)


def _file(folder, content):
    path = folder / "cell.yaml"
    path.write_bytes(content)
    return path


def test_special_file():
    with pytest.raises(SpecError, match="no ordinary file"):
        read_file("/dev/null")


def test_the_fast_loader_reads_where_there_is_one():
    assert refrnn.spec.read._LOADER is LOADERS[-1]
