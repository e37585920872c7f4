"""Long texts: whatever of them a message repeats is cut, and stands on one line."""

import ast
import copy
import json

import numpy as np
import pytest
import yaml

import refrnn
from refrnn.errors import MOST_REPEATED, RefrnnError, cut, quoted
from refrnn.spec import build
from refrnn.spec.library import specs_folder
from texts import CELL

LONG = {"one word": "a" * 20_000, "lines": "a b\n" * 5_000, "signs": "ß=( " * 5_000, "a key": "k" * 900}
# Between them these have a printed gradient, misprints, claims, cases, a target, integers and what draws them.
SPECS = ("parity", "bptt-jacobians", "hopfield", "word-model")


def paths(data, path=()):
    """The paths of all entries of a document: of mappings the keys too, as (..., (key,))."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, below in entries:
        if isinstance(data, dict):
            yield (*path, (step,))
        yield (*path, step)
        yield from paths(below, (*path, step))


def with_long(data, path, text):
    """A copy of the document with a long text at a path."""
    data = below = copy.deepcopy(data)
    for step in path[:-1]:
        below = below[step]
    if isinstance(path[-1], tuple):
        below[text] = below.pop(*path[-1])
    else:
        below[path[-1]] = text
    return data


def assert_is_short(error):
    assert len(str(error)) < 500 and str(error).isprintable(), str(error)[:1000]


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize("name", SPECS)
def test_a_long_text_anywhere_in_a_spec(name, text):
    spec = refrnn.load(name)
    data = yaml.safe_load((specs_folder() / spec.group / f"{name}.yaml").read_text(encoding="utf-8"))
    refused = 0
    for path in paths(data):
        try:
            refrnn.load_text(json.dumps(with_long(data, path, text), ensure_ascii=False))
        except RefrnnError as error:
            assert_is_short(error)
            refused += 1
    assert refused > 30


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_text_under_any_key(text):
    """Alone, in a list, as a key, and as a case's; many keys stand in no spec above."""
    for key in (*build._TOP, text):
        for value in (text, [text], {text: text}, [{text: text}], [{"name": text, "sizes": {"T": 0}}]):
            assert_refused_in_short(yaml.safe_load(CELL) | {key: value}, also_fine=("title", "notes", "cites"))
    for key in (*build._SYMBOL, text):
        data = yaml.safe_load(CELL)
        for value in (text, [text]):
            data["symbols"]["x"] = {"role": "input", "shape": ["T", "I"], key: value}
            assert_refused_in_short(data, also_fine=("means",))


def assert_refused_in_short(data, also_fine):
    try:
        spec = refrnn.load_text(json.dumps(data, ensure_ascii=False))
    except RefrnnError as error:
        assert_is_short(error)
    else:
        assert any(getattr(one, name, None) for one in (spec, *spec.symbols.values()) for name in also_fine)


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize("use", [
    lambda spec, text: spec.draw(sizes={text: 3}),
    lambda spec, text: spec.draw(dtype=text),
    lambda spec, text: spec.draw(seed=text),
    lambda spec, text: spec.draw(batch=text),
    lambda spec, text: spec.draw(sizes={"T": text}),
    lambda spec, text: spec.forward(spec.draw() | {text: 1}),
    lambda spec, text: spec.forward(spec.draw() | {"x": text}),
    lambda spec, text: spec.forward(spec.draw(), text),
    lambda spec, text: spec.forward(spec.draw(), "equation", lengths={text: [1]}),
    lambda spec, text: spec.forward(spec.draw(), "equation")[text],
    lambda spec, text: spec.forward(spec.draw(), "equation").backward({text: np.ones(3)}),
    lambda spec, text: refrnn.load(text),
])  # fmt: skip
def test_a_long_text_from_a_caller(use, text):
    with pytest.raises(RefrnnError) as caught:
        use(refrnn.load_text(CELL), text)
    assert_is_short(caught.value)


@pytest.mark.parametrize("old, new", [
    ("h[t] = tanh(W @ x[t] + U @ h[t-1])", "h[t] = tanh(W @ x[t] + {} @ h[t-1])"),
    ("h[-1] = h0", "{}[-1] = h0"),
    ("outputs: [h]", "outputs: [{}]"),
    ("id: cell", "id: {}"),
])  # fmt: skip
def test_names_are_no_longer_than_a_message_repeats(old, new):
    for length, refused in ((MOST_REPEATED, False), (MOST_REPEATED + 1, True)):
        with pytest.raises(RefrnnError) if not new.startswith("id") or refused else pytest.MonkeyPatch.context() as caught:
            refrnn.load_text(CELL.replace(old, new.format("a" * length)))
        if refused:
            assert_is_short(caught.value)


def test_a_name_as_long_as_may_be():
    long = "a" * MOST_REPEATED
    spec = refrnn.load_text(CELL.replace("cell", long).replace("U", long).replace("H", long.upper()))
    assert spec.id == long and spec.forward(spec.draw(), "equation")["h"].shape == (7, 3, 5)
    for name in ("U", "H", "h0"):
        with pytest.raises(RefrnnError, match=f"a{{57}}... has more than {MOST_REPEATED} characters; choose a shorter"):
            refrnn.load_text(CELL.replace(name, f"a{long}"))


@pytest.mark.parametrize("text, shown", [
    ("h", "h"), (3, "3"), ("two  words\n", "two words"), ("a" * 60, "a" * 60), ("a" * 61, "a" * 57 + "..."), ("\x1b[1m", "\\x1b[1m"), ("it's", "it's"),
])  # fmt: skip
def test_what_is_cut(text, shown):
    assert cut(text) == shown and ast.literal_eval(quoted(text)) == shown.replace("\\x1b", "\x1b")
