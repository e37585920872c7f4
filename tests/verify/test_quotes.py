"""Every quote stands in its lecture's text, on the slide that it names; a quote that does not is found."""

import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import refrnn
from refrnn.commands.main import main
from refrnn.errors import NotFoundError
from refrnn.spec import show
from refrnn.spec.library import rows, sources
from refrnn.spec.quotes import Quote, plain
from refrnn.verify.quotes import check_quote, lecture_texts, quotes_of, split

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "lectures"
at_hand = pytest.mark.skipif(not FOLDER.is_dir(), reason="the lectures' texts are not beside the checkout, so no quote can be compared")

TEXT = """Depth
– All layers are
equal
Depth matters a lot
Width
– The width is 1024
Depth
– No two layers are alike
"""
TEXTS = {"own": split(TEXT, ["Depth", "Width"])}


# ------------------------------------------------------------ the library's


@at_hand
@pytest.mark.parametrize("name", rows())
def test_every_quote_stands_in_its_text(name):
    texts = lecture_texts(FOLDER)
    wrong = [sentence for quote in quotes_of(refrnn.load(name)) for sentence in check_quote(quote, texts)]
    assert wrong == []


@at_hand
def test_every_slide_that_lectures_yaml_names_is_found_in_its_order():
    for key, slides in lecture_texts(FOLDER).items():
        assert list(dict.fromkeys(name for name, _ in slides)) == sources()["lectures"][key]["slides"]


def test_every_quote_names_a_slide_of_its_lecture():
    lectures = sources()["lectures"]
    for name in rows():
        for quote in quotes_of(refrnn.load(name)):
            assert quote.where in lectures[quote.lecture]["slides"], f"{name}: {quote.place()}"


# What the texts have in the place of other signs: the rest of \right, a tilde, ∇_θ, σ, and the name of a box between two rows of bits.
DAMAGED = (" ight", "ሚ", "𝕍_0", " s ", "MLP")
ADDED = 10  # letters that are put back in one quote, at most


def characters(text):
    """The letters and digits of a text, without accents, and how often each occurs."""
    return Counter(letter for letter in unicodedata.normalize("NFD", text).casefold() if letter.isalnum())


def said(words):
    """The characters of a quote, without what is damaged."""
    text = " ".join(map(plain, words))
    for sign in DAMAGED:
        text = text.replace(sign, " ")
    return characters(text)


def is_restored(words, restored):
    """Whether every letter and digit of the words is in what is restored from them, with a few more."""
    return not said(words) - characters(restored) and (characters(restored) - said(words)).total() <= ADDED


RESTORED = [(name, quote) for name in rows() for quote in quotes_of(refrnn.load(name)) if quote.restored and quote.words]


def test_what_is_restored_is_the_quote():
    """Brackets and a few letters are put back, and signs that the text has for others are exchanged; no word is."""
    assert RESTORED
    for name, quote in RESTORED:
        assert is_restored(quote.words, quote.restored), f"{name}: {quote.words} is no {quote.restored}"


def test_a_letter_that_is_not_the_quotes_is_found():
    """Each letter and digit exchanged in what is restored, but for those of which more were put back than the quote has."""
    for name, quote in RESTORED:
        put_back = characters(quote.restored) - said(quote.words)
        for place, sign in enumerate(quote.restored):
            if characters(sign) and characters(sign).keys().isdisjoint(put_back):
                altered = quote.restored[:place] + "ж" + quote.restored[place + 1 :]
                assert not is_restored(quote.words, altered), f"{name}: {altered}"


# ------------------------------------------------------------ the checker


def test_quotes_of_all_kinds_are_gathered():
    spec = refrnn.load("bptt-jacobians")
    kinds = [spec.lectures, [misprint.quote for misprint in spec.all_misprints], [claim.quote for claim in spec.claims if claim.quote]]
    assert all(kinds) and all(quote in quotes_of(spec) for quotes in kinds for quote in quotes)


@at_hand
def test_one_altered_word_is_found_in_every_quote():
    """A word exchanged, left out or doubled, in every piece of every quote."""
    texts = lecture_texts(FOLDER)
    tried = 0
    for name in rows():
        for quote in quotes_of(refrnn.load(name)):
            for piece in quote.words:
                words = piece.split()
                middle = len(words) // 2
                for altered in (words[:middle] + ["zebra"] + words[middle + 1 :], words[:middle] + ["zebra"] + words[middle:]):
                    assert check_quote(replace(quote, words=(" ".join(altered),)), texts), f"{name}: {altered}"
                    tried += 1
    assert tried > 0


@at_hand
def test_one_altered_letter_is_found_in_every_quote():
    """Each letter and digit exchanged; and dropped where that leaves no whole words of the text."""
    texts = lecture_texts(FOLDER)
    tried = 0
    for name in rows():
        for quote in quotes_of(refrnn.load(name)):
            for number, piece in enumerate(quote.words):
                for place in (place for place, sign in enumerate(piece) if sign.isalnum()):
                    exchanged = [piece[:place] + ("q" if piece[place] != "q" else "p") + piece[place + 1 :]]
                    alone = not (piece[:place][-1:].isalnum() or piece[place + 1 :][:1].isalnum())
                    dropped = [] if alone else [piece[:place] + piece[place + 1 :]]
                    for altered in exchanged + dropped:
                        words = (*quote.words[:number], altered, *quote.words[number + 1 :])
                        assert check_quote(replace(quote, words=words), texts), f"{name}: {altered}"
                        tried += 1
    assert tried > 0


@at_hand
def test_what_is_restored_can_not_pass_for_a_quote():
    """Brackets and letters that were put back are nowhere in the texts."""
    texts = lecture_texts(FOLDER)
    restored = [quote for name in rows() for quote in quotes_of(refrnn.load(name)) if quote.restored and quote.words]
    assert restored
    for quote in restored:
        assert check_quote(replace(quote, words=(quote.restored,), restored=""), texts), quote.restored


@at_hand
def test_the_command_names_what_is_misquoted(tmp_path):
    for path in FOLDER.glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace("RNN can be bidirectional (e.g.", "RNN may be bidirectional (e.g."), encoding="utf-8")
    right, wrong = (CliRunner().invoke(main, ["errata", "--lecture", "krippahl", "--texts", str(place)]) for place in (FOLDER, tmp_path))
    assert right.exit_code == 0 and "MISQUOTED" not in right.output, right.output
    assert wrong.exit_code == 1 and "MISQUOTED: bidirectional: " in wrong.output, wrong.output


@pytest.mark.parametrize(
    "where, words, wrong",
    [
        ("Depth", "– All layers are equal", ""),
        ("Depth", "All   layers\nare  equal Depth matters", ""),
        ("Depth", "– No two layers are alike", ""),
        ("Width", "width is 1024", ""),
        ("Depth", "All layers are equals", "the slide 'Depth' of own does not say 'All layers are equals'"),
        ("Depth", "all layers are equal", "does not say"),
        ("Depth", "All layers were equal", "does not say"),
        ("Depth", "layers equal", "does not say"),
        ("Depth", "All lay ers are equal", "does not say"),
        ("Depth", "ll layers are equal", "does not say"),
        ("Depth", "All layers are equ", "does not say"),
        ("Depth", "The width is 1024", "does not say"),
        ("Width", "All layers are equal", "does not say"),
        ("Depth", "equal Depth matters a lot – No two layers", "does not say"),
        ("Depth matters a lot", "equal", "has no slide 'Depth matters a lot'"),
        ("", "equal", "has no slide ''"),
    ],
)
def test_what_counts_as_a_quote(where, words, wrong):
    found = check_quote(Quote("own", where, (words,)), TEXTS)
    assert (wrong in found[0] if wrong else found == []), found


def test_of_two_names_on_a_line_the_longer_is_the_slides():
    assert split("Depth of nets\nis what counts", ["Depth…", "Depth of nets"]) == [("Depth of nets", "Depth of nets is what counts")]


def test_every_piece_is_looked_at():
    pieces = ("All layers are", "equal", "unequal")
    assert len(check_quote(Quote("own", "Depth", pieces), TEXTS)) == 1
    assert check_quote(Quote("other", "Depth", ("equal",)), TEXTS) == ["the text of other has no slide 'Depth' that lectures.yaml names"]


def test_pieces_stand_in_their_order():
    """On one slide, or on a later one of the same name."""
    forward, behind = ("All layers", "are", "No two layers are"), "does not say 'All layers' behind the piece before it"
    assert check_quote(Quote("own", "Depth", forward), TEXTS) == []
    assert behind in check_quote(Quote("own", "Depth", ("equal", "All layers")), TEXTS)[0]
    assert behind in check_quote(Quote("own", "Depth", ("No two layers", "All layers")), TEXTS)[0]
    assert behind in check_quote(Quote("own", "Depth", ("All layers", "All layers")), TEXTS)[0]


def test_every_quote_of_a_spec_is_asked_for():
    """That of each place it was taken from, misprint of an equation or of a gradient, and claim; a claim of our own has none."""
    for name in rows():
        spec = refrnn.load(name)
        quotes = quotes_of(spec)
        printed = [misprint for block in spec.printed_gradients for misprint in block.misprints]
        assert all(quote in quotes for quote in spec.lectures)
        assert all(misprint.quote in quotes for misprint in (*spec.misprints, *printed))
        assert all(claim.quote in quotes for claim in spec.claims if claim.quote) and None not in quotes
    kinds = [(bool(spec.lectures), bool(spec.misprints), bool(spec.printed_gradients), bool(spec.claims)) for spec in map(refrnn.load, rows())]
    assert all(any(column) for column in zip(*kinds))


def test_a_slide_is_named_by_a_whole_line_or_its_first_words():
    assert [name for name, _ in split(TEXT, ["Depth …", "Depth"])] == ["Depth", "Depth …", "Depth"]
    assert split(TEXT, ["– The width …"]) == [("– The width …", "– The width is 1024 Depth – No two layers are alike")]


def test_texts_that_are_missing(tmp_path):
    with pytest.raises(NotFoundError, match="there is no text 000_.* of the lecture cmu-2020 in .*; name the folder"):
        lecture_texts(tmp_path)
    result = CliRunner().invoke(main, ["errata", "--texts", str(tmp_path)])
    assert result.exit_code == 2 and "name the folder of the lectures' texts" in result.output


# ------------------------------------------------------------ how quotes are shown


@pytest.mark.parametrize(
    "words, shown",
    [
        (r"$$h_t = f(x_t, h_{t-1})$$", "h_t = f(x_t, h_{t-1})"),
        (r"\nabla_{W^{(11)}} DIV &+= h(t-1) \nabla_{Z^{(1)}(t)} DIV \\", "∇_{W^(11)} DIV += h(t-1) ∇_{Z^(1)(t)} DIV;"),
        (r"$$H_t = \tanh(W_{hh}^T H_{t-1}" + "\n+ W_{xh}^T X_t)$$", "H_t = tanh(W_hh^T H_{t-1} + W_xh^T X_t)"),
        (r"\begin{pmatrix} i \\ f \end{pmatrix} = \sigma", "(i; f) = σ"),
        (r"\frac{\partial L}{\partial \hat{y}} \cdot W^o \in \mathbb{R}^d", "∂L/∂y\u0302 · W^o ∈ ℝ^d"),
        (r"1 \text{ if Count}(b) \\ \text{is even}", "1 if Count(b); is even"),
        (r"[a \ b \ b] \\ X = \{x_1, \dots, x_m\}, \quad y", "[a b b]; X = {x_1, …, x_m}, y"),
        (r"h_{\tau+1} \leftarrow \sigma(x_{\tau} W_x)", "h_{τ+1} ← σ(x_τ W_x)"),
        (r"\nabla_{h_3} L, \mathbb{V}_0 & \dots", "∇_{h_3} L, 𝕍_0 …"),
        (r"$0.3^{10} \rightarrow 10^{-7}$", "0.3^10 → 10^-7"),
        ("Forward & backward nets", "Forward & backward nets"),
        ("– Best case memory is short – Exponential", "Best case memory is short – Exponential"),
    ],
)
def test_latex_is_shown_as_signs(words, shown):
    assert plain(words) == shown


def test_what_is_restored_is_marked():
    quote = Quote("own", "Depth", (r"b_r" + "\night)",), restored="b_r)")
    assert quote.shown() == "b_r)" and quote.marks() == "restored from: b_r ight)"
    assert quote.source() == "own, slide “Depth”, restored" and Quote("own", "Depth", ("equal",)).source() == "own, slide “Depth”"
    assert Quote("own", "Depth", ("equal",)).marks() == "" and Quote("own", "Depth", picture="two nets").marks() == "a picture"
    assert Quote("own", "Depth", picture="two nets").shown() == "two nets"


def test_what_is_restored_is_marked_wherever_it_is_shown():
    """In the lectures' lines, in printed lines that are wrong, and in statements that hold or not, which HTML leaves out."""
    for name, from_words, in_short, in_html in (("lstm-peephole", 1, 5, 5), ("eigen-expansion", 2, 2, 1)):
        spec = refrnn.load(name)
        for text, count in ((" ".join(show.terminal(spec).split()), in_short), (show.html(spec), in_html)):
            assert text.count("(restored from: ") == from_words and text.count("”, restored: ") == count, name


# ------------------------------------------------------------ each once, and in its kind


def test_nothing_is_corrected_twice():
    """No two errata or remarks quote the same words and test the same reading of them."""
    seen = set()
    for name in rows():
        spec = refrnn.load(name)
        marks = [(misprint.quote.lecture, misprint.quote.words, misprint.says) for misprint in spec.all_misprints]
        marks += [(claim.lecture, claim.quote.words, "") for claim in spec.claims if claim.verdict != "holds"]
        for mark in marks:
            assert mark not in seen, f"{name}: {mark}"
            seen.add(mark)


def test_what_is_corrected_is_not_shown_to_hold():
    """A sentence that has a counterexample is nowhere listed as one that holds, unless another reading is said."""
    claims = [claim for name in rows() for claim in refrnn.load(name).claims if claim.quote]
    corrected = {(claim.lecture, claim.quote.words, claim.taken) for claim in claims if claim.verdict != "holds"}
    assert corrected.isdisjoint((claim.lecture, claim.quote.words, claim.taken) for claim in claims if claim.verdict == "holds")
