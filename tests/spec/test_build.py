"""Wrong specs: each is refused when it is loaded, with the file, the line, the place and the mend, and with nothing else."""

import re
import sys

import pytest

import refrnn
from texts import CELL, changed, refusal

SIZES, SYMBOLS, X, H0, W, U = 3, 5, 6, 7, 8, 9
EQUATIONS, START, STEP, OUTPUTS = 10, 11, 12, 13


def test_the_cell_itself_is_right():
    spec = refrnn.load_text(CELL, "cell.yaml")
    assert spec.outputs == ("h",) and spec.carried == {"h0": ("h", True)}


# ------------------------------------------------------------ the document

DOCUMENTS = [
    ("", 0, "empty"),
    ("[1, 2]", 1, "mapping"),
    ("just text", 1, "mapping"),
    ("a: [1", 1, "not closed"),
    ("a: &x 1\nb: *x", 1, "anchor"),
    ("a: !!python/object/apply:os.system ['true']", 1, "tag"),
    ("a: &a [x, x]\nb: &b [*a, *a]\n", 1, "anchor"),
    (CELL + "id: again\n", 14, "'id' stands on line 1 already"),
    (CELL.replace("title: A cell", "title: \x00"), 2, "U+0000"),
    (CELL.replace("title: A cell", "title: 5"), 2, "title must be text, not an integer"),
    (CELL.replace("title: A cell\n", ""), 1, "lacks the key 'title'"),
    (CELL.replace("title: A cell", "titel: A cell"), 2, "did you mean title?"),
    (CELL.replace("id: cell", "id: A cell"), 1, "lower-case"),
    (CELL.replace("id: cell", "id: [cell]"), 1, "id must be text, not a list"),
    (CELL.replace("id: cell", "id:"), 1, "id must be text, not empty"),
]


@pytest.mark.parametrize("text, line, words", DOCUMENTS)
def test_document(text, line, words):
    message = refusal(text)
    assert message.startswith(f"cell.yaml, line {line}" if line else "cell.yaml:") and words in message


# ------------------------------------------------------------ changes of the cell: (old, new), line, words

SIZES_AND_SYMBOLS = [
    ("H: units", "H: 5", SIZES, "H must be text, not an integer"),
    ("H: units", "H: units, Q: more", SIZES, "the size Q is used nowhere; delete it"),
    ("H: units", "H: units, h0: more", H0, "h0 is a size and a symbol"),
    ("H: units", "H: units, sum: more", SIZES, "sum is a word of the language"),
    ("H: units", "H: units, lambda: more", SIZES, "lambda is a word of Python and can't name a size; choose another name, such as lamda"),
    ("H: units", "H: units, \u03b8: more", SIZES, "can't name a size"),
    ("{T: steps, I: inputs, H: units}", "[T, I, H]", SIZES, "sizes must be a mapping, not a list"),
    ("{T: steps, I: inputs, H: units}", "", SIZES, "sizes must be a mapping, not empty"),
    ("{T: steps, I: inputs, H: units}", "{}", 4, "time: T is not declared under sizes"),
    ("time: T", "time: S", 4, "time: S is not declared under sizes"),
    ("time: T", "time: {T: 1}", 4, "time must be text or a list, not a mapping"),
    ("time: T", "time: [T, [T]]", 4, "entry 2 of time must be text"),
    ("time: T", "time: [T, T]", 4, "twice"),
    ("time: T", "time: T\nbatch: Q", 5, "batch: Q is not declared"),
    ("time: T", "time: T\nbatch: [H]", 5, "batch must be text, not a list"),
    ("h0: {role: start, shape: [H]}", "h0: [start, H]", H0, "symbols.h0 must be a mapping"),
    ("h0: {role: start, shape: [H]}", "h0:", H0, "symbols.h0 must be a mapping"),
    ("h0: {role: start, shape: [H]}", "h0: {role: start}", H0, "lacks the key 'shape'"),
    ("role: start", "role: begin", H0, "the role 'begin' of h0 is not one of"),
    ("role: start", "role: [start]", H0, "role must be text, not a list"),
    ("role: start", "rôle: start", H0, "unknown key 'rôle'; did you mean role?"),
    ("role: start", "role: start, type: float", H0, "the type of h0 must be real or integer"),
    ("role: start", "role: start, draw: uniform", H0, "can't be drawn as 'uniform'"),
    ("role: start", "role: start, optional: 1", H0, "optional must be true or false, not an integer"),
    ("role: start", "role: start, low: a", H0, "low must be an integer or a number, not text"),
    ("role: start", "role: start, low: true", H0, "low must be an integer or a number, not true or false"),
    ("role: start", "role: start, low: 2, high: 1", H0, "low 2 above high 1; swap them"),
    ("role: start", "role: start, low: 1e300", H0, "beyond"),
    ("role: start", "role: start, type: integer, low: 0.2, high: 0.8", H0, "no integer lies between low 0.2 and high 0.8"),
    ("role: start", "role: start, means: [a]", H0, "means must be text, not a list"),
    ("shape: [H]", "shape: H", H0, "shape must be a list, not text"),
    ("shape: [H]", "shape: [Q]", H0, "Q is not declared under sizes"),
    ("shape: [H]", "shape: [0]", H0, "positive integers"),
    ("shape: [H]", "shape: [-1]", H0, "positive integers"),
    ("shape: [H]", "shape: [2.5]", H0, "positive integers"),
    ("shape: [H]", "shape: [true]", H0, "positive integers"),
    ("shape: [H]", "shape: [null]", H0, "positive integers"),
    ("shape: [H]", "shape: [[H]]", H0, "positive integers"),
    ("shape: [H]", "shape: [{H: H}]", H0, "positive integers"),
    ("shape: [H]", "shape: [H**2]", H0, "positive integers"),
    ("shape: [H]", "shape: [f(H)]", H0, "positive integers"),
    ("shape: [H]", "shape: ['H +']", H0, "positive integers"),
    ("shape: [H]", "shape: [h0]", H0, "h0 is not declared under sizes"),
    ("shape: [H]", "shape: [10000000]", H0, "positive integers"),
    ("shape: [H]", "shape: [\u210b]", H0, "plain letters"),
    ("shape: [H]", f"shape: [{'(' * 50}H{')' * 50}]", H0, "more than 60 characters"),
    ("shape: [H]", f"shape: [H{'+H' * 50}]", H0, "more than 60 characters"),
    ("shape: [H]", "shape: [H-H]", H0, "not positive"),
    ("  h0: {", "  sum: {role: start, shape: [H]}\n  h0: {", H0, "sum is a word of the language"),
    ("  h0: {", "  matmul: {role: start, shape: [H]}\n  h0: {", H0, "matmul is a word of the language"),
    ("  h0: {", "  _: {role: start, shape: [H]}\n  h0: {", H0, "'_' can't name a symbol"),
    ("  h0: {", "  a-b: {role: start, shape: [H]}\n  h0: {", H0, "'a-b' can't name a symbol"),
    ("  h0: {", "  \u03b8: {role: start, shape: [H]}\n  h0: {", H0, "can't name a symbol"),
    ("  h0: {", "  mod: {role: start, shape: [H]}\n  h0: {", H0, "mod is a word of the language and can't name a symbol; choose another name"),
    ("  h0: {", "  lengths: {role: start, shape: [H]}\n  h0: {", H0, "lengths is a word of the language"),
    ("  h0: {", "  h1: {role: start, shape: [H]}\n  h0: {", H0, "h1 is declared but used in no equation; delete it or use it"),
    ("  h0: {", "  s: {role: value, shape: [H]}\n  h0: {", H0, "no equation defines it"),
    ("  h0: {", "  h: {role: start, shape: [T, H]}\n  h0: {", STEP, "h is declared as start, yet an equation defines it"),
    ("  h0: {", "  h: {role: value, shape: [T, I]}\n  h0: {", H0, "declared as [T, I], but its equations give [T, H]"),
    ("  h0: {", "  t: {role: input, shape: []}\n  h0: {", 13, "the index letter t is also a symbol"),
    ("x:  {role: input, shape: [T, I]}", "x:  {role: input, shape: [I, T]}", X, "T is a later axis of x"),
]  # fmt: skip

EQUATION_LISTS = [
    ("equations:\n  - h[-1] = h0\n  - h[t] = tanh(W @ x[t] + U @ h[t-1])", "equations: h[t] = x[t]", EQUATIONS, "equations must be a list, not text"),
    ("equations:\n  - h[-1] = h0\n  - h[t] = tanh(W @ x[t] + U @ h[t-1])", "equations: []", EQUATIONS, "there is no equation"),
    ("equations:\n  - h[-1] = h0\n  - h[t] = tanh(W @ x[t] + U @ h[t-1])", "equations: {a: b}", EQUATIONS, "equations must be a list, not a mapping"),
    ("- h[-1] = h0", "- 5", START, "entry 1 of equations must be text"),
    ("- h[-1] = h0", "- [h, h0]", START, "entry 1 of equations must be text"),
    ("- h[-1] = h0", "-", START, "entry 1 of equations must be text"),
    ("- h[-1] = h0", "- ' '", START, "entry 1 of equations must be text"),
    ("- h[-1] = h0", "- {h: h0}", START, "entry 1 of equations must be text"),
    ("outputs: [h]", "outputs: h", OUTPUTS, "outputs must be a list, not text"),
    ("outputs: [h]", "outputs: []", OUTPUTS, "there is no output"),
    ("outputs: [h]", "outputs: [y]", OUTPUTS, "the output y is defined by no equation"),
    ("outputs: [h]", "outputs: [x]", OUTPUTS, "the output x is defined by no equation"),
    ("outputs: [h]", "outputs: [h, h]", OUTPUTS, "the output h is named twice"),
    ("outputs: [h]", "outputs: [[h]]", OUTPUTS, "entry 1 of outputs must be text"),
    ("outputs: [h]", "outputs: [h]\nverify: [all]", OUTPUTS + 1, "not 'all'"),
    ("outputs: [h]", "outputs: [h]\nverify: [[forward]]", OUTPUTS + 1, "verify knows"),
    ("outputs: [h]", "outputs: [h]\nverify: [claim]", OUTPUTS + 1, "has no claims"),
    ("outputs: [h]", "outputs: [h]\nverify: [printed-gradient]", OUTPUTS + 1, "has no printed_gradient"),
    ("outputs: [h]", "outputs: [h]\ncites: [1]", OUTPUTS + 1, "entry 1 of cites must be text"),
    ("outputs: [h]", "outputs: [h]\nlectures: [eee511]", OUTPUTS + 1, "must be a mapping with the keys from, where, quote"),
    ("outputs: [h]", "outputs: [h]\nlectures: {from: eee511}", OUTPUTS + 1, "lectures must be a list, not a mapping"),
    ("outputs: [h]", "outputs: [h]\nlectures: [{where: a}]", OUTPUTS + 1, "lacks the key 'from'"),
    ("outputs: [h]", "outputs: [h]\npapers: [{authors: a, title: b, where: c, equations: d}]", OUTPUTS + 1, "lacks the key 'year'"),
    ("outputs: [h]", "outputs: [h]\npapers: [{authors: a, year: soon, title: b, where: c, equations: d}]", OUTPUTS + 1, "year must be an integer, not text"),
    ("outputs: [h]", "outputs: [h]\nclaims: [{says: a, verdict: maybe, test: f}]", OUTPUTS + 1, "holds or fails or misprint or remark"),
    ("outputs: [h]", "outputs: [h]\nclaims: [{says: a, verdict: holds, test: f, mended: b}]", OUTPUTS + 1, "one that holds has none"),
    ("outputs: [h]", "outputs: [h]\nclaims: [{says: a, verdict: remark, test: f, from: k}]", OUTPUTS + 1, "what holds instead under mended"),
    ("outputs: [h]", "outputs: [h]\nclaims: [{says: a, verdict: fails, test: f, mended: b}]", OUTPUTS + 1, "is a lecture's; quote it"),
    ("outputs: [h]", "outputs: [h]\nclaims: [{verdict: holds, test: f, says: b, from: k}]", OUTPUTS + 1, "from belongs to a quote"),
    ("outputs: [h]", "outputs: [h]\nclaims: [{verdict: holds, test: f, says: b, taken: k}]", OUTPUTS + 1, "taken belongs to a quote"),
    ("outputs: [h]", "outputs: [h]\nlectures: [{from: k, where: w}]", OUTPUTS + 1, "no words of the lecture are quoted"),
    ("outputs: [h]", "outputs: [h]\nlectures: [{from: k, quote: a}]", OUTPUTS + 1, "its slide under where"),
    ("outputs: [h]", "outputs: [h]\nclaims: [{verdict: holds, test: f, from: k}]", OUTPUTS + 1, "write one of the two"),
    ("outputs: [h]", "outputs: [h]\nclaims: [{verdict: holds, test: f, from: k, where: w, quote: a, says: b}]", OUTPUTS + 1, "write one of the two"),
    ("outputs: [h]", "outputs: [h]\nclaims: [{verdict: holds, test: f, from: k, quote: a}]", OUTPUTS + 1, "its slide under where"),
    ("outputs: [h]", "outputs: [h]\nlectures: [{from: k, where: w, quote: []}]", OUTPUTS + 1, "no words of the lecture are quoted"),
    ("outputs: [h]", "outputs: [h]\nlectures: [{from: k, where: w, quote: [a, 5]}]", OUTPUTS + 1, "entry 2 of quote must be text"),
    ("outputs: [h]", "outputs: [h]\nclaims: [{says: a, verdict: fails, test: f}]", OUTPUTS + 1, "mended"),
    ("outputs: [h]", "outputs: [h]\nclaims: [a]", OUTPUTS + 1, "must be a mapping"),
    ("outputs: [h]", "outputs: [h]\nequivalent: [{mutant: a}]", OUTPUTS + 1, "lacks the key 'because'"),
    ("outputs: [h]", "outputs: [h]\ncases: [{name: a, sizes: {Q: 1}}]", OUTPUTS + 1, "Q is no size"),
    ("outputs: [h]", "outputs: [h]\ncases: [{name: a, sizes: {H: big}}]", OUTPUTS + 1, "H must be an integer, not text"),
    ("outputs: [h]", "outputs: [h]\ncases: [{name: a, values: {h: 1}}]", OUTPUTS + 1, "h is no symbol that is handed in"),
    ("outputs: [h]", "outputs: [h]\ncases: [{name: a, values: {h0: [a]}}]", OUTPUTS + 1, "h0 must be a number or lists of numbers"),
    ("outputs: [h]", "outputs: [h]\nreference: cell.py", OUTPUTS + 1, "names a file beside the spec, but this spec is no file"),
    ("outputs: [h]", "outputs: [h]\nkernel: [cell.py]", OUTPUTS + 1, "kernel must be text, not a list"),
]  # fmt: skip


@pytest.mark.parametrize("old, new, line, words", SIZES_AND_SYMBOLS + EQUATION_LISTS)
def test_structure(old, new, line, words):
    message = refusal(changed((old, new)))
    assert message.startswith(f"cell.yaml, line {line}") and words in message, message


# ------------------------------------------------------------ the step of the cell, as it stands on line 12


def nested(opening, closing, depth=1000):
    return f"h[t] = {opening * depth}x[t]{closing * depth}"


STEPS = [
    # not an equation
    ("h[t]", "not one equation"),
    ("h[t] = ", "can't be read"),
    ("h[t] = x[t] x[t]", "can't be read"),
    ("h[t] = h[t-1] = x[t]", "not one equation"),
    ("h[t] += x[t]", "not one equation"),
    ("h[t] = x[t]; import os", "not one equation"),
    ("import os", "not one equation"),
    ("h[t], g[t] = x[t], x[t]", "the left side"),
    ("5 = x[t]", "can't be read"),
    ("h.a = x[t]", "the left side"),
    ("h[t][0] = x[t]", "the left side"),
    ("h[] = x[0]", "can't be read"),
    ("h[()] = x[0]", "has no subscript"),
    ("h[0:3] = x[0]", "not an index"),
    ("h[2*t] = x[t]", "index letter, t+1, t-1 or a fixed place"),
    ("h[t+s] = x[t]", "index letter, t+1, t-1 or a fixed place"),
    ("h[s] = x[s]", "the index s of h has no range"),
    ("h[1//0] = W @ x[0]", "divides by zero"),
    ("sum[t] = x[t]", "sum is a word of the language"),
    ("H = x[0]", "H is a size, yet an equation defines it"),
    # Python, but not mathematics
    ("h[t] = __import__('os').system('true')", "calls something that is not a function"),
    ("h[t] = __import__('os')", "__import__ is not a function of the language"),
    ("h[t] = x.__class__", ".__class__ in 'x.__class__' is not in the language"),
    ("h[t] = x[t].real", "only .T is"),
    ("h[t] = (lambda: x)()", "calls something that is not a function"),
    ("h[t] = lambda: x", "lambda is not in the language"),
    ("h[t] = [x[j] for j in range(3)]", "a list comprehension is not in the language"),
    ("h[t] = (x[j] for j in range(3))", "a generator outside sum and prod"),
    ("h[t] = {1: x}", "a dictionary is not in the language"),
    ("h[t] = {1, 2}", "a set is not in the language"),
    ("h[t] = [x, x]", "a list is not in the language"),
    ("h[t] = (x, x)", "a tuple is not in the language"),
    ("h[t] = f'{x}'", "a formatted string is not in the language"),
    ("h[t] = 'x'", "is not a number"),
    ("h[t] = b'x'", "is not a number"),
    ("h[t] = None", "is not a number"),
    ("h[t] = ...", "is not a number"),
    ("h[t] = True", "is not a number"),
    ("h[t] = 1j", "is not a number"),
    ("h[t] = 1e999", "is not a number"),
    ("h[t] = 10000000000000000", "is not a number"),
    ("h[t] = (y := x[t])", ":= is not in the language"),
    ("h[t] = await x", "await is not in the language"),
    ("h[t] = yield", "yield is not in the language"),
    ("h[t] = tanh(*x)", "plain arguments only"),
    ("h[t] = tanh(z=x)", "plain arguments only"),
    ("h[t] = *x,", "a tuple is not in the language"),
    ("h[t] = x[*t]", "* is not in the language" if sys.version_info >= (3, 11) else "nothing stands before the *"),
    ("h[t] = ~x[t]", "~ in '~x[t]' is not in the language"),
    ("h[t] = x[t] << 2", "the operator"),
    ("h[t] = x[t] ^ 2", "the operator"),
    ("h[t] = x[t] // 2", "which work on indices only"),
    ("h[t] = W @ x[t] if 1 < t < 3 else h0", "must be one comparison"),
    ("h[t] = W @ x[t] if t in T else h0", "must be one comparison"),
    ("h[t] = W @ x[t] if t is T else h0", "must be one comparison"),
    ("h[t] = W @ x[t] if t else h0", "the condition 't' is not a comparison"),
    ("h[t] = (x[t] > 0) * x[t]", "is true or false, not a number"),
    ("h[t] = x[t] and x[t]", "is true or false, not a number"),
    ("h[t] = not x[t]", "is true or false, not a number"),
    ("h[t] = 1if t > 0 else 2", "can't be read"),
    ("h[t] = x[t, ::2]", "no step"),
    ("h[t] = x[t, :]", "both its bounds"),
    ("h[t] = x[()]", "has no subscript"),
    ("h[t] = x[1.5]", "not an index"),
    ("h[t] = x[x]", "x is not an index"),
    ("h[t] = W @ x[t]**x[t]", "must be a number or an index; write exp(g * log(x)) for x**g"),
    ("h[t] = _x[t]", "names begin with a letter"),
    ("h[t] = \u03c3(x[t])", "plain letters"),
    ("h[t] = \uff58[t]", "plain letters"),
    ("h[t] = tanh", "tanh is a word of the language"),
    # functions
    ("h[t] = tan(x[t])", "tan is not a function of the language; it has abs"),
    ("h[t] = matmul(W, x[t])", "matmul is not a function of the language"),
    ("h[t] = tanh()", "tanh needs an argument"),
    ("h[t] = tanh(x[t], x[t])", "tanh takes 1 argument, not 2"),
    ("h[t] = min(x[t])", "min takes 2 arguments, not 1; of a vector z of size S write one_hot(argmax(-z), S) @ z"),
    ("h[t] = max(x[t])", "max takes 2 arguments, not 1; of a vector z of size S write one_hot(argmax(z), S) @ z"),
    ("h[t] = max(x[t], x[t], x[t])", "max takes 2 arguments, not 3"),
    ("h[t] = max(x[t, i] for i in range(2))", "and write one_hot(argmax(z), S) @ z"),
    ("h[t] = zeros()", "zeros needs an argument"),
    ("h[t] = zeros(0 - 1)", "zeros(-1) has a size below 0"),
    ("h[t] = U @ h0 + W @ x[t] + sum(zeros(99999999, 99999999))", "asks for too much even at small sizes"),
    ("h[t] = U @ h0 + W @ x[t] + sum(identity(99999999))", "asks for too much even at small sizes"),
    ("h[t] = zeros(2.5)", "2.5 is not an index"),
    ("h[t] = prod(x[t])", "prod runs over a range"),
    ("h[t] = tanh(x[j] for j in range(2))", "only sum and prod run over a range, tanh does not; write sum(...), and divide"),
    ("h[t] = sum(x[j] for j in x)", "a sum runs over a range"),
    ("h[t] = sum(x[j] for j in range(1, 2, 3))", "a sum runs over a range"),
    ("h[t] = sum(x[j] for j in range(2) if j > 0)", "a sum runs over a range"),
    ("h[t] = sum(x[j] for j, k in range(2))", "a sum runs over a range"),
    ("h[t] = sum(x[t] for t in range(T))", "the index t of a sum is also another name"),
    ("h[t] = sum(x[0] for W in range(T))", "the index W of a sum is also another name"),
    # names
    ("h[t] = tanh(W @ x[t] + U @ h[t-1] + b)", "b is neither declared nor defined"),
    ("h[t] = tanh(W @ x[s] + U @ h[t-1])", "s is neither declared nor defined"),
    ("h[t] = tanh(W @ x[t])\n  - g[t] = U @ h0", "g reaches no output"),
    ("h[t] = tanh(W @ x[t] + h0)", "U is declared but used in no equation"),
    ("h[t] = t[0] * (W @ x[t] + U @ h0)", "t is an index or a size and takes no subscript"),
    # shapes
    ("h[t] = tanh(U @ x[t] + W @ h[t-1])", "the product [H, H] @ [I]"),
    ("h[t] = tanh(W @ x[t] + U @ h[t-1] + x[t])", "the sum of [H] and [I]"),
    ("h[t] = tanh(W @ x + U @ h[t-1])", "the product [H, I] @ [T, I]"),
    ("h[t] = tanh(W.T @ x[t] + U @ h[t-1])", "the product [I, H] @ [I]"),
    ("h[t] = tanh(W @ x[t].T + U @ h[t-1])", ".T of [I], which is not a matrix"),
    ("h[t] = W**2 @ x[t] + U @ h[t-1]", "not square"),
    ("h[t] = U**0.5 @ h[t-1] + W @ x[t]", "a matrix to a power that is not a whole number from 0 to 100,000"),
    ("h[t] = U**(0-1) @ h[t-1] + W @ x[t]", "a matrix to a power that is not a whole number"),
    ("h[t] = U**1000000000 @ h[t-1] + W @ x[t]", "a matrix to a power that is not a whole number"),
    ("h[t] = softmax(3) * (W @ x[t] + U @ h[t-1])", "softmax of a scalar"),
    ("h[t] = concat(W @ x[t], U)", "concat of [H], [H, H]"),
    ("h[t] = diag(U) @ h0 + W @ x[t]", "diag of [H, H]"),
    ("h[t] = outer(U, h0) @ h0 + W @ x[t]", "outer of [H, H] and [H]"),
    ("h[t] = one_hot(h0, H) + W @ x[t] + U @ h0", "one_hot of [H]"),
    ("h[t] = W @ x[t] + U @ h0 if x[t, 0] > 0 else x[t]", "the conditional of [H] and [I]"),
    ("h[t] = W @ x[t] + U @ h0 if x[t] > h0 else h0", "the comparison of [I] and [H]"),
    ("h[t] = W @ x[t] + U @ h0 if x[t] > 0 and h0 > 0 else h0", "the condition of [I] and [H]"),
    ("h[t] = sum(W[0, j] * x[t] for j in range(I)) + U @ h0", "the sum of [I] and [H]"),
    ("h[t] = U @ h0 + W @ x[t]\n  - y = U @ h0", "y reaches no output"),
    ("h[t] = W @ x[t] + U @ h0 if t == 0 else x[t]", "gives the shape [H] or the shape [I], as its conditions turn out; make its branches agree"),
    # indices
    ("h[t] = W @ x[t+1] + U @ h[t-1]", "at t = T-1: x[t + 1] reaches beyond the places 0 to T-1 of x"),
    ("h[t] = W @ x[-1] + U @ h[t-1]", "x[-1] reaches beyond the places 0 to T-1 of x"),
    ("h[t] = W @ x[t, 0, 0] + U @ h[t-1]", "more subscripts than axes"),
    ("h[t] = x[t, 0:9] + U @ h[t-1] + W @ x[0]", "the sum of [9] and [H]"),
    ("h[t] = x[t, 2:1] + U @ h[t-1] + W @ x[0]", "x[t, 2:1] ends before it begins"),
    ("h[t] = (U @ h[t-1])[7] + W @ x[t]", "(U @ h[t - 1])[7] reaches beyond the places 0 to H-1"),
    ("h[t] = 5[0] + U @ h[t-1] + W @ x[t]", "more subscripts than axes"),
    ("h[t] = W @ x[t // 0] + U @ h[t-1]", "divides by zero"),
    ("h[t] = W @ x[t % 0] + U @ h[t-1]", "divides by zero"),
    ("h[t] = tanh(W @ x[t] + U @ h[t-2])", "needs h[t - 2] at t = 0, but the equations define only h[0] to h[T-1]; give a start, such as h[-2] = h0"),
    ("h[t] = tanh(W @ x[t] + U @ h[t+1])", "needs h[t + 1] at t = T-1, but the equations define only h[0] to h[T-1]; give a start, such as h[T] = h0"),
    ("h[t] = U @ h0 + W @ x[t]\n  - y[t] = h[t+1]", "y reaches no output"),
    ("h[t, i] = tanh(W @ x[t])[i] + (U @ h0)[i]", "2 subscripts here and 1 elsewhere"),
    # recurrences without delay
    ("h[t] = tanh(W @ x[t] + U @ h[t])", "h needs itself without a delay (h[0] -> h[0])"),
    ("h[t] = W @ x[t] + U @ g[t]\n  - g[t] = h[t]", "needs itself without a delay (h[0] -> g[0] -> h[0])"),
    ("h[t] = W @ x[t] + U @ h[t-1] + h[t+1]", "needs itself without a delay"),
    ("h[t] = W @ x[t] + U @ sum(h[s] for s in range(T))", "needs itself without a delay"),
    # two equations for one thing
    ("h[t] = W @ x[t] + U @ h[t-1]\n  - h[t] = h0", "the same left side in two equations"),
    ("h[t] = W @ x[t] + U @ h[t-1]\n  - h[0-1] = h0", "both define h[-1]"),
    ("h[t] = W @ x[t] + U @ h[t-1]\n  - h[T] = h0\n  - h[t+1] = h0", "both define h["),
    # too much
    ("h[t] = " + " + ".join(["x[t]"] * 700), "more than 2000; split it"),
    ("h[t] = sum(x[0] for j in range(10**10))", "10 ** 10 is not an index"),
    ("h[t] = U @ h0 + sum(W @ x[0] for j in range(10000000000))", "asks for too much even at small sizes"),
    ("h[t] = U @ h0 + sum(W @ x[0] for j in range(99999) for k in range(99999))", "asks for too much even at small sizes"),
    ("h[t] = U @ h0 + sum(sum(W @ x[0] for j in range(9999)) for k in range(9999))", "asks for too much even at small sizes"),
    ("h[t] = U @ h0 + W @ x[0] + sum(h[t-1] if 1 == 0 else h0 for j in range(99999) for k in range(99999))", "asks for too much even at small sizes"),
    ("h[t] = U @ h0 + W @ x[0] + sum(sum(h[t-1] if 1 == 0 else h0 for j in range(9999)) for k in range(9999))", "asks for too much even at small sizes"),
    ("h[t] = U @ h0 + W @ x[0] + sum(h[t-1] for j in range(199999))", "asks for too much even at small sizes"),
    ("h[t] = U @ h0 + W @ x[0] + sum(x[0, 0] for j in range(999999999999999 * 999999999999999))", "larger than"),
    ("h[t] = 10**10**10", "must be a number or an index"),
    ("h[t] = W @ x[999999999999999 * 999999999999999]", "larger than"),
    (nested("(", ")"), ""),
    (nested("-", ""), ""),
    (nested("tanh(", ")"), ""),
    (nested("1 + (", ")", 200), "nested"),
    (nested("-", "", 60), "nested deeper than 40 levels"),
    (nested("", "**2"), ""),
    (nested("", ".T", 300), "nested deeper than 40 levels"),
    (nested("", "[0]", 300), "nested deeper than 40 levels"),
]  # fmt: skip


@pytest.mark.parametrize("step, words", STEPS, ids=lambda value: value[:40])
def test_step(step, words):
    lines = step.split("\n  - ")
    quoted = "\n  - ".join("'" + line.replace("'", "''") + "'" for line in lines)
    message = refusal(changed(("h[t] = tanh(W @ x[t] + U @ h[t-1])", quoted)))
    assert words in message, message
    assert re.match(f"cell.yaml, line ({X}|{H0}|{W}|{U}|{START}|{STEP}|{STEP + len(lines) - 1}|{STEP + 1})\\b", message)


def test_a_missing_start_is_told_of_the_equation_that_needs_it():
    message = refusal(changed(("outputs: [h]", "  - y[t] = h[t] + h[t+1]\noutputs: [y]")))
    assert message == (
        "cell.yaml, line 13, equation 3: 'y[t] = h[t] + h[t+1]' needs h[t + 1] at t = T-1, but the equations define only h[0] to h[T-1]; "
        "give a start, such as h[T] = h0"
    )


# ------------------------------------------------------------ printed gradients and misprints

PRINTED = "outputs: [h]\nprinted_gradient:\n  - from: cmu-2020\n    equations:\n      - g[T] = zeros(H)\n      - g[t] = d_h[t] + g[t+1]\n"
PRINTED += "    gradients: {h: g}\n    upstream: {h: 1}\n    misprints:\n      - {where: w, quote: a, reads: 'g[t] = d_h[t]', says: b}"
MISPRINT = "outputs: [h]\nmisprints:\n  - {from: k, where: w, quote: a, reads: 'h[t] = tanh(W @ x[t])', says: b}"


def test_printed_lines_that_are_right():
    spec = refrnn.load_text(changed(("outputs: [h]", PRINTED + "\n" + MISPRINT[13:])))
    assert list(spec.printed_gradients[0].gradients) == ["h"] and spec.misprints[0].quote.shown() == "a"
    assert spec.printed_gradients[0].misprints[0].quote.lecture == "cmu-2020"


PRINTED_WRONG = [
    ("gradients: {h: g}", "gradients: [g]", 19, "gradients must be a mapping, not a list"),
    ("gradients: {h: g}", "gradients: {}", 19, "gradients is empty"),
    ("gradients: {h: g}", "gradients: {h: 5}", 19, "an equation is text, not int"),
    ("gradients: {h: g}", "gradients: {h: [g]}", 19, "an equation is text, not list"),
    ("gradients: {h: g}", "gradients: {h: 'g ='}", 19, "can't be read"),
    ("gradients: {h: g}", "gradients: {h: 'g = g'}", 19, "not one expression"),
    ("gradients: {h: g}", "gradients: {q: g}", 19, "q is no symbol that has a gradient"),
    ("gradients: {h: g}", "gradients: {h: k}", 0, "k is neither declared nor defined"),
    ("gradients: {h: g}", "gradients: {h: g @ W}", 19, "is printed as [T, I], but h is [T, H]"),
    ("    gradients: {h: g}\n", "", 15, "lacks the key 'gradients'"),
    ("from: cmu-2020", "from: 2020", 15, "from must be text"),
    ("g[t] = d_h[t] + g[t+1]", "g[t] = d_h[t] + g[t+2]", 18, "needs g[t + 2] at t = T-1"),
    ("g[t] = d_h[t] + g[t+1]", "g[t] = d_q[t] + g[t+1]", 18, "d_q is neither declared nor defined"),
    ("g[t] = d_h[t] + g[t+1]", "g[t] = x[t] + g[t+1]", 17, "'g[T] = zeros(H)' gives the shape [H], but 'g[t] = x[t] + g[t+1]' gives the shape [I]"),
    ("g[t] = d_h[t] + g[t+1]", "W = d_h[0]", 18, "W is declared as parameter, yet an equation defines it"),
    ("g[t] = d_h[t] + g[t+1]", "h[t] = d_h[t]", 18, "the same left side in two equations"),
    ("upstream: {h: 1}", "upstream: [h]", 20, "upstream must be a mapping"),
    ("upstream: {h: 1}", "upstream: {y: 1}", 20, "y is not an output"),
    ("upstream: {h: 1}", "upstream: {h: one}", 20, "h must be an integer or a number"),
    ("reads: 'g[t] = d_h[t]'", "reads: 5", 22, "reads must be text"),
    ("reads: 'g[t] = d_h[t]'", "reads: 'k[t] = d_h[t]'", 22, "replaces no equation"),
    ("reads: 'g[t] = d_h[t]', ", "", 22, "lacks the key 'reads'"),
    ("reads: 'g[t] = d_h[t]'", "reads: 'g[t] = eval(1)'", 22, "eval is not a function"),
]  # fmt: skip


@pytest.mark.parametrize("old, new, line, words", PRINTED_WRONG)
def test_printed_gradient(old, new, line, words):
    assert PRINTED.count(old) == 1
    message = refusal(changed(("outputs: [h]", PRINTED.replace(old, new))))
    assert words in message, message
    assert message.startswith(f"cell.yaml, line {line}" if line else "cell.yaml, the printed gradient of h"), message


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("h[t] = tanh(W @ x[t])", "y[t] = x[t]", "replaces no equation"),
        ("h[t] = tanh(W @ x[t])", "h[t] = x.y", "only .T is"),
        ("says: b", "say: b", "did you mean says?"),
        ("says: b", "says: b, refused: ' '", "entry 1 of refused must be text"),
        ("says: b", "says: b, kind: slip", "the kind of a printed line is misprint or remark, not 'slip'"),
        ("quote: a", "quote: 5", "quote must be text or a list"),
    ],
)
def test_misprint(old, new, words):
    message = refusal(changed(("outputs: [h]", MISPRINT.replace(old, new))))
    assert message.startswith("cell.yaml, line 15") and words in message, message


@pytest.mark.parametrize(
    "line, words",
    [
        ("time: H", "line 4: the time H is an axis of the start h0; name the size that sequences have"),
        ("time: T\nbatch: H", "line 5: the batch H is an axis of the parameter W; name the size that sequences have"),
        ("time: T\nbatch: T", "line 5: batch is T, which is a time"),
    ],
)
def test_sizes_that_are_no_time_and_no_batch(line, words):
    assert words in refusal(changed(("time: T", line)))


ROWS = """id: rows
title: Rows
sizes: {T: steps, B: rows, D: inputs}
time: T
batch: B
symbols:
  x:  {role: input, shape: [T, B, D]}
  h0: {role: start, shape: [B, D]}
  W:  {role: parameter, shape: [D, D]}
equations:
  - h[-1] = h0
  - h[t] = tanh(x[t] @ W + h[t-1])
outputs: [h]
"""


@pytest.mark.parametrize(
    "changes, words",
    [
        ([], ""),
        ([("[T, B, D]", "[T, D, B]"), ("[B, D]", "[D, B]"), ("x[t] @ W", "W @ x[t]")], ""),  # wherever it is the axis
        ([("[T, B, D]", "[T, B+1, D]"), ("[B, D]", "[B+1, D]")], "rows.yaml, line 7: the batch B is a part of the size B+1 of x; let it be an axis by itself"),
        ([("[D, D]", "[2*B, D]")], "line 9: the batch B is a part of the size 2*B of W; let it be an axis by itself"),
        ([("[T, B, D]", "[T, B, B]"), ("[B, D]", "[B, B]")], "line 7: the batch B is 2 axes of x; a sequence has one place, name the other axis otherwise"),
        ([("[T, B, D]", "[T, D]"), ("[B, D]", "[D]"), ("tanh(", "tanh(B * ")], "line 5: the batch B is an axis of no input and no start; name the size that they have"),
    ],
)
def test_a_batch_is_one_axis_by_itself(changes, words):
    text = ROWS
    for old, new in changes:
        text = text.replace(old, new, 1)
    if not words:
        assert refrnn.load_text(text, "rows.yaml").batch == "B"
        return
    with pytest.raises(refrnn.SpecError) as caught:
        refrnn.load_text(text, "rows.yaml")
    assert words in str(caught.value)


@pytest.mark.parametrize("size", [0, -5])
def test_a_case_size_is_at_least_1(size):
    assert f"T is {size}; a size is at least 1" in refusal(CELL + f"cases:\n  - {{name: small, sizes: {{T: {size}}}}}\n")
