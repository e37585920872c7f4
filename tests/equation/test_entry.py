"""A function of the language is one entry in one file: by it everything knows the function, and an entry that lacks a field is none."""

import ast
import inspect
import json
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from refrnn.equation import functions
from refrnn.equation.functions import FUNCTIONS, Function

ENTRY = """Function(
    value=lambda a: a * a, pull=lambda g, out, a: (2 * g * a,), decide=None, shape=lambda shape: shape, arguments=1, sized=0,
    operator="", elementwise=True, scalar=False, analytic=True, lanes="alike", roundings=1, summed=None, pull_summed=None,
    operations=FUNCTIONS["tanh"].operations, adjoint=("2 * g * a",), printed=("named", "square"),
    mutants=Mutants({"twice its argument": "2 * a"}, "function", False), algebra="even", kernel=Kernel("call", "squared", "vectors"),
)"""

# In a process of its own, in which the entry is there before anything else of refrnn is imported.
SCRIPT = f"""
import json
from refrnn.equation import functions
FUNCTIONS = functions.FUNCTIONS
FUNCTIONS["square"] = eval({ENTRY!r}, vars(functions))

import numpy as np
import refrnn
from refrnn.compiler.load import source
from refrnn.equation import typeset
from refrnn.equation.mutate import mutants
from refrnn.equation.mutate.normal import Former
from refrnn.equation.parse import parse_expression

spec = refrnn.load_text('''
id: mine
title: Mine
sizes: {{T: steps, H: units}}
time: T
symbols:
  x: {{role: input, shape: [T, H]}}
  h0: {{role: start, shape: [H]}}
  U: {{role: parameter, shape: [H, H]}}
equations:
  - h[-1] = h0
  - h[t] = square(U @ h[t-1]) + square(x[t])
outputs: [h]
''')
values = spec.draw({{"T": 3, "H": 5}}, batch=2, seed=1, dtype="float64")
runs = [spec.forward(values, backend) for backend in ("equation", "compiled")]
upstream = {{"h": np.ones_like(runs[0].outputs["h"])}}
equation = spec.equations[-1]
form = lambda text: Former({{"x": ("H",)}}).form(parse_expression(text, "here"))
print(json.dumps({{
    "values": {{name: np.asarray(array).tolist() for name, array in values.items()}},
    "h": [run.outputs["h"].tolist() for run in runs],
    "gradients": [{{name: array.tolist() for name, array in run.backward(upstream).items()}} for run in runs],
    "derived": [str(one) for one in spec.gradient().equations],
    "shown": [form(equation.target, equation.value) for form in (typeset.unicode, typeset.latex, typeset.mathml)],
    "mutants": [mutant.name for mutant in mutants(spec)],
    "even": form("square(-x)") == form("square(x)"),
    "source": source(spec),
}}))
"""


@pytest.fixture(scope="module")
def known():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def states(values):
    h, found = np.array(values["h0"]), []
    for x in np.array(values["x"]):
        h = (h @ np.array(values["U"]).T) ** 2 + x**2
        found.append(h)
    return np.array(found)


def test_it_is_evaluated_and_compiled(known):
    for found in known["h"]:
        np.testing.assert_allclose(found, states(known["values"]), rtol=1e-12)
    assert "squared(" in known["source"].partition("def ")[2]


def test_it_is_differentiated_and_derived(known):
    """By its pull and, compiled, by its adjoint in the language: both are the slope."""
    for found in known["gradients"]:
        for name, array in found.items():
            direction = np.cos(np.arange(np.size(array))).reshape(np.shape(array))
            moved = [states(known["values"] | {name: np.array(known["values"][name]) + step * direction}).sum() for step in (1e-6, -1e-6)]
            assert np.sum(array * direction) == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-7), name
    assert "d_x[t] = 2 * (d_h[t] * x[t])" in known["derived"]


def test_it_is_shown_in_three_forms(known):
    plain, latex, mathml = known["shown"]
    assert "square(" in plain
    assert "\\operatorname{square}" in latex and "<mi>square</mi>" in mathml


def test_it_is_written_wrongly_and_its_law_is_known(known):
    assert {"equation 2: replace square by twice its argument", "equation 2: drop the function square"} <= {*known["mutants"]}
    assert known["even"]


# ---------------------------------------------------------------- no field may be left out


def test_an_entry_has_every_field():
    given = {keyword.arg: eval(ast.unparse(keyword.value), vars(functions)) for keyword in ast.parse(ENTRY).body[0].value.keywords}
    assert given.keys() == {field.name for field in fields(Function)} and isinstance(Function(**given), Function)
    for name in given:
        with pytest.raises(TypeError, match=name):
            Function(**{other: value for other, value in given.items() if other != name})


def entries():
    """Each entry as it is written, a call of what its kind has in common."""
    tree = ast.parse(inspect.getsource(functions))
    table = next(node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FUNCTIONS")
    return {ast.literal_eval(key): call for key, call in zip(table.keys, table.values)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_is_left_out_unnoticed(name):
    """Whatever an entry of the table says, without it the module can't be imported: no kind has it too."""
    call = entries()[name]
    assert isinstance(evaluated(call), Function)
    for place, keyword in enumerate(call.keywords):
        less = ast.Call(call.func, call.args, call.keywords[:place] + call.keywords[place + 1:])
        with pytest.raises(TypeError, match="missing|required"):
            evaluated(less)
    for place in range(len(call.args)):
        with pytest.raises(TypeError):
            evaluated(ast.Call(call.func, call.args[:place] + call.args[place + 1:], call.keywords))


def evaluated(call):
    return eval(compile(ast.fix_missing_locations(ast.Expression(call)), "entry", "eval"), vars(functions))


def test_what_kernels_lack_they_refuse_by_a_sentence():
    assert {name: function.kernel.name for name, function in FUNCTIONS.items() if function.kernel.how == "refused"} == {"inv": "kernels have no inv"}
