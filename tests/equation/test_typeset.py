"""The typesetter: exact text of the lectures' equations, and no two trees that look alike."""

import ast
import random
import re
import xml.etree.ElementTree as ElementTree

import pytest

from refrnn.equation import typeset

# Equation, its scalars, Unicode, LaTeX.
EQUATIONS = [
    (
        "h[-1] = h0",
        (),
        "h₋₁ = h⁽⁰⁾",
        r"h_{-1} = h^{(0)}",
    ),
    (
        "context[t] = stop(h[t-1]) if simple == 1 else h[t-1]",
        ("simple",),
        "contextₜ = stop(hₜ₋₁) if simple = 1, else hₜ₋₁",
        r"\mathrm{context}_{t} = \begin{cases} \operatorname{stop}(h_{t-1}) & \text{if } \mathrm{simple} = 1 \\ h_{t-1} & \text{otherwise} \end{cases}",
    ),
    (
        "h[t] = tanh(W_hh.T @ context[t] + W_xh.T @ x[t])",
        (),
        "hₜ = tanh(W_hhᵀ contextₜ + W_xhᵀ xₜ)",
        r"h_{t} = \tanh(W_{\mathrm{hh}}^{\top}\,\mathrm{context}_{t} + W_{\mathrm{xh}}^{\top}\,x_{t})",
    ),
    (
        "y[t] = sigmoid(W_hy @ h[t] + b_y)",
        (),
        "yₜ = σ(W_hy hₜ + b_y)",
        r"y_{t} = \sigma(W_{\mathrm{hy}}\,h_{t} + b_{\mathrm{y}})",
    ),
    (
        "h1[-1, i] = h1_start[i]",
        (),
        "h⁽¹⁾₋₁,ᵢ = h⁽¹⁾_start[i]",
        r"h_{-1,i}^{(1)} = h_{\mathrm{start},i}^{(1)}",
    ),
    (
        "z3[t, k] = sum(w3[j, k] * h2[t, j] for j in range(H2)) + b3[k]",
        ("w3[j, k]",),
        "z⁽³⁾ₜₖ = ∑[j=0..H⁽²⁾−1] w⁽³⁾ⱼₖ h⁽²⁾ₜⱼ + b⁽³⁾ₖ",
        r"z_{t,k}^{(3)} = \sum_{j=0}^{H^{(2)}-1} w_{j,k}^{(3)}\,h_{t,j}^{(2)} + b_{k}^{(3)}",
    ),
    (
        "Y[t] = softmax(z3[t])",
        (),
        "Yₜ = softmax(z⁽³⁾ₜ)",
        r"Y_{t} = \operatorname{softmax}(z_{t}^{(3)})",
    ),
    (
        "h[tau+1] = sigmoid(x[tau] @ W_x + h[tau] @ W_h + b_h)",
        (),
        "h[τ+1] = σ(x[τ] W_x + h[τ] W_h + b_h)",
        r"h_{\tau+1} = \sigma(x_{\tau}\,W_{\mathrm{x}} + h_{\tau}\,W_{\mathrm{h}} + b_{\mathrm{h}})",
    ),
    (
        "squared[t] = sum((Y[t, i] - D[t, i])**2 for i in range(O)) / 2",
        (),
        "squaredₜ = (∑ᵢ₌₀ᴼ⁻¹ (Yₜᵢ − Dₜᵢ)²)/2",
        r"\mathrm{squared}_{t} = \frac{\sum_{i=0}^{O-1} (Y_{t,i} - D_{t,i})^{2}}{2}",
    ),
    (
        "entropy[t] = -sum(P[t, i] * log_softmax(Y[t])[i] for i in range(O))",
        ("P[t, i]",),
        "entropyₜ = −∑ᵢ₌₀ᴼ⁻¹ Pₜᵢ log softmax(Yₜ)ᵢ",
        r"\mathrm{entropy}_{t} = -\sum_{i=0}^{O-1} P_{t,i}\,\operatorname{log\,softmax}(Y_{t})_{i}",
    ),
    (
        "DIV_squared_last = squared[T-1]",
        (),
        "DIV_squared_last = squared[T−1]",
        r"\mathrm{DIV}_{\mathrm{squared},\mathrm{last}} = \mathrm{squared}_{T-1}",
    ),
    (
        "Z1[t] = W1 @ X[t] + W11 @ h[t-1] + b1",
        (),
        "Z⁽¹⁾ₜ = W⁽¹⁾ Xₜ + W⁽¹¹⁾ hₜ₋₁ + b⁽¹⁾",
        r"Z_{t}^{(1)} = W^{(1)}\,X_{t} + W^{(11)}\,h_{t-1} + b^{(1)}",
    ),
    (
        "carried[t] = stop(h[t-1]) if t % K1 == 0 and t > 0 else h[t-1]",
        (),
        "carriedₜ = stop(hₜ₋₁) if t mod K⁽¹⁾ = 0 and t > 0, else hₜ₋₁",
        r"\mathrm{carried}_{t} = \begin{cases} \operatorname{stop}(h_{t-1}) & \text{if } t \bmod K^{(1)} = 0\text{ and }t > 0 \\ h_{t-1} & \text{otherwise} \end{cases}",
    ),
    (
        "h[t] = s[t] if min(T, (t // K1 + 1) * K1) - t <= K2 else stop(s[t])",
        ("K1",),
        "hₜ = sₜ if min(T, (⌊t/K⁽¹⁾⌋ + 1) K⁽¹⁾) − t ≤ K⁽²⁾, else stop(sₜ)",
        r"h_{t} = \begin{cases} s_{t} & \text{if } \min(T, (\lfloor t/K^{(1)}\rfloor + 1)\,K^{(1)}) - t \le K^{(2)} \\ \operatorname{stop}(s_{t}) & \text{otherwise} \end{cases}",
    ),
    (
        "length = norm(g, G)",
        (),
        "length = ‖g, G‖",
        r"\mathrm{length} = \|g, G\|",
    ),
    (
        "g_clipped = tau * g / length if length >= tau else g",
        ("tau",),
        "g_clipped = (τ g)/length if length ≥ τ, else g",
        r"g_{\mathrm{clipped}} = \begin{cases} \frac{\tau\,g}{\mathrm{length}} & \text{if } \mathrm{length} \ge \tau \\ g & \text{otherwise} \end{cases}",
    ),
    (
        "g_clipped = min(max(g, -c), c)",
        (),
        "g_clipped = min(max(g, −c), c)",
        r"g_{\mathrm{clipped}} = \min(\max(g, -c), c)",
    ),
    (
        "h_elu[t] = elu(z[t])",
        (),
        "h_elu[t] = ELU(zₜ)",
        r"h_{\mathrm{elu},t} = \operatorname{ELU}(z_{t})",
    ),
    (
        "a[t] = W @ concat(h[t-1], x[t]) + b",
        (),
        "aₜ = W [hₜ₋₁; xₜ] + b",
        r"a_{t} = W\,[h_{t-1}; x_{t}] + b",
    ),
    (
        "g[t] = tanh(a[t, 3*H:4*H])",
        (),
        "gₜ = tanh(a[t, 3H:4H])",
        r"g_{t} = \tanh(a_{t,3H:4H})",
    ),
    (
        "c[t] = f[t] * c[t-1] + i[t] * g[t]",
        (),
        "cₜ = fₜ ⊙ cₜ₋₁ + iₜ ⊙ gₜ",
        r"c_{t} = f_{t} \odot c_{t-1} + i_{t} \odot g_{t}",
    ),
    (
        "C_tilde[t] = tanh(W_hC @ h[t-1] + W_xC @ x[t] + b_C)",
        (),
        "C̃ₜ = tanh(W_hC hₜ₋₁ + W_xC xₜ + b_C)",
        r"\tilde{C}_{t} = \tanh(W_{\mathrm{hC}}\,h_{t-1} + W_{\mathrm{xC}}\,x_{t} + b_{\mathrm{C}})",
    ),
    (
        "f[t] = sigmoid(w_Cf * C[t-1] + W_hf @ h[t-1] + W_xf @ x[t] + b_f)",
        (),
        "fₜ = σ(w_Cf ⊙ Cₜ₋₁ + W_hf hₜ₋₁ + W_xf xₜ + b_f)",
        r"f_{t} = \sigma(w_{\mathrm{Cf}} \odot C_{t-1} + W_{\mathrm{hf}}\,h_{t-1} + W_{\mathrm{xf}}\,x_{t} + b_{\mathrm{f}})",
    ),
    (
        "n[t] = tanh(W_xh @ x[t] + W_hh @ (r[t] * h[t-1]) + b_h)",
        (),
        "nₜ = tanh(W_xh xₜ + W_hh (rₜ ⊙ hₜ₋₁) + b_h)",
        r"n_{t} = \tanh(W_{\mathrm{xh}}\,x_{t} + W_{\mathrm{hh}}\,(r_{t} \odot h_{t-1}) + b_{\mathrm{h}})",
    ),
    (
        "h_hat[t] = tanh(W @ x[t] + r[t] * (U @ h[t-1] + b_u) + b_h)",
        (),
        "ĥₜ = tanh(W xₜ + rₜ ⊙ (U hₜ₋₁ + b_u) + b_h)",
        r"\hat{h}_{t} = \tanh(W\,x_{t} + r_{t} \odot (U\,h_{t-1} + b_{\mathrm{u}}) + b_{\mathrm{h}})",
    ),
    (
        "h[t] = a * h[t-1] + (1 - a) * tanh(W @ x[t] + U @ h[t-1] + b)",
        ("a",),
        "hₜ = a hₜ₋₁ + (1 − a) tanh(W xₜ + U hₜ₋₁ + b)",
        r"h_{t} = a\,h_{t-1} + (1 - a)\,\tanh(W\,x_{t} + U\,h_{t-1} + b)",
    ),
    (
        "h_b[t] = tanh(W_b @ x[t] + U_b @ h_b[t+1] + b_b)",
        (),
        "h_b[t] = tanh(W_b xₜ + U_b h_b[t+1] + b_b)",
        r"h_{\mathrm{b},t} = \tanh(W_{\mathrm{b}}\,x_{t} + U_{\mathrm{b}}\,h_{\mathrm{b},t+1} + b_{\mathrm{b}})",
    ),
    (
        "h_b[T] = h_binf",
        (),
        "h_b[T] = h_b∞",
        r"h_{\mathrm{b},T} = h_{\mathrm{b}\infty}",
    ),
    (
        "h[t] = concat(h_f[t], h_b[t])",
        (),
        "hₜ = [h_f[t]; h_b[t]]",
        r"h_{t} = [h_{\mathrm{f},t}; h_{\mathrm{b},t}]",
    ),
    (
        "grad_W2 = sum(outer(grad_Z2[t], h[t]) for t in range(T))",
        (),
        "∇W⁽²⁾ = ∑ₜ₌₀ᵀ⁻¹ ∇Z⁽²⁾ₜ hₜᵀ",
        r"\nabla W^{(2)} = \sum_{t=0}^{T-1} \nabla Z_{t}^{(2)}\,h_{t}^{\top}",
    ),
    (
        "h[k] = sum(W_h**(k-j) @ W_x @ x[j] for j in range(k+1))",
        (),
        "hₖ = ∑ⱼ₌₀ᵏ W_hᵏ⁻ʲ W_x xⱼ",
        r"h_{k} = \sum_{j=0}^{k} W_{\mathrm{h}}^{k-j}\,W_{\mathrm{x}}\,x_{j}",
    ),
    (
        "u = prod(f[j] for j in range(k, T)) * sqrt(abs(v)) + identity(H)",
        (),
        "u = (∏ⱼ₌ₖᵀ⁻¹ fⱼ) ⊙ √(|v|) + I_H",
        r"u = \left( \prod_{j=k}^{T-1} f_{j} \right) \odot \sqrt{\vert v\vert} + \mathbf{I}_{H}",
    ),
]

MATHML = [
    (
        "h[-1] = h0",
        '<mrow><msub><mi>h</mi><mrow><mo form="prefix" lspace="0" rspace="0">−</mo><mn>1</mn></mrow>'
        '</msub><mo>=</mo><msup><mi>h</mi><mrow><mo lspace="0" rspace="0" stretchy="false">(</mo>'
        '<mn>0</mn><mo lspace="0" rspace="0" stretchy="false">)</mo></mrow></msup></mrow>'
    ),
    (
        "context[t] = stop(h[t-1]) if simple == 1 else h[t-1]",
        '<mrow><msub><mi>context</mi><mi>t</mi></msub><mo>=</mo><mrow>'
        '<mo form="prefix" fence="true" stretchy="true">{</mo><mtable displaystyle="true"><mtr>'
        '<mtd style="text-align:left"><mrow><mi>stop</mi><mo>⁡</mo><mrow>'
        '<mo form="prefix" fence="true" stretchy="false">(</mo><msub><mi>h</mi><mrow><mi>t</mi><mo>−'
        '</mo><mn>1</mn></mrow></msub><mo form="postfix" fence="true" stretchy="false">)</mo></mrow>'
        '</mrow></mtd><mtd style="text-align:left"><mtext>if</mtext><mspace width="0.4em"/><mrow>'
        '<mi>simple</mi><mo>=</mo><mn>1</mn></mrow></mtd></mtr><mtr><mtd style="text-align:left">'
        '<msub><mi>h</mi><mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow></msub></mtd>'
        '<mtd style="text-align:left"><mtext>otherwise</mtext></mtd></mtr></mtable></mrow></mrow>'
    ),
    (
        "squared[t] = sum((Y[t, i] - D[t, i])**2 for i in range(O)) / 2",
        '<mrow><msub><mi>squared</mi><mi>t</mi></msub><mo>=</mo><mfrac><mrow><munderover>'
        '<mo movablelimits="false">∑</mo><mrow><mi>i</mi><mo>=</mo><mn>0</mn></mrow><mrow><mi>O</mi>'
        '<mo>−</mo><mn>1</mn></mrow></munderover><msup><mrow>'
        '<mo form="prefix" fence="true" stretchy="false">(</mo><mrow><msub><mi>Y</mi><mrow><mi>t</mi>'
        '<mo separator="true" lspace="0" rspace="0">,</mo><mi>i</mi></mrow></msub><mo>−</mo><msub>'
        '<mi>D</mi><mrow><mi>t</mi><mo separator="true" lspace="0" rspace="0">,</mo><mi>i</mi></mrow>'
        '</msub></mrow><mo form="postfix" fence="true" stretchy="false">)</mo></mrow><mn>2</mn>'
        '</msup></mrow><mn>2</mn></mfrac></mrow>'
    ),
    (
        "length = norm(g, G)",
        '<mrow><mi>length</mi><mo>=</mo><mrow><mo form="prefix" fence="true" stretchy="false">‖</mo>'
        '<mrow><mi>g</mi><mo separator="true">,</mo><mi>G</mi></mrow>'
        '<mo form="postfix" fence="true" stretchy="false">‖</mo></mrow></mrow>'
    ),
    (
        "h_elu[t] = elu(z[t])",
        '<mrow><msub><mi>h</mi><mrow><mi>elu</mi><mo separator="true" lspace="0" rspace="0">,</mo>'
        '<mi>t</mi></mrow></msub><mo>=</mo><mrow><mi>ELU</mi><mo>⁡</mo><mrow>'
        '<mo form="prefix" fence="true" stretchy="false">(</mo><msub><mi>z</mi><mi>t</mi></msub>'
        '<mo form="postfix" fence="true" stretchy="false">)</mo></mrow></mrow></mrow>'
    ),
    (
        "a[t] = W @ concat(h[t-1], x[t]) + b",
        '<mrow><msub><mi>a</mi><mi>t</mi></msub><mo>=</mo><mrow><mrow><mi>W</mi>'
        '<mspace width="0.17em"/><mrow><mo form="prefix" fence="true" stretchy="false">[</mo><mrow>'
        '<msub><mi>h</mi><mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow></msub><mo separator="true">;'
        '</mo><msub><mi>x</mi><mi>t</mi></msub></mrow>'
        '<mo form="postfix" fence="true" stretchy="false">]</mo></mrow></mrow><mo>+</mo><mi>b</mi>'
        '</mrow></mrow>'
    ),
    (
        "g[t] = tanh(a[t, 3*H:4*H])",
        '<mrow><msub><mi>g</mi><mi>t</mi></msub><mo>=</mo><mrow><mi>tanh</mi><mo>⁡</mo><mrow>'
        '<mo form="prefix" fence="true" stretchy="false">(</mo><msub><mi>a</mi><mrow><mi>t</mi>'
        '<mo separator="true" lspace="0" rspace="0">,</mo><mrow><mrow><mn>3</mn><mi>H</mi></mrow>'
        '<mo lspace="0" rspace="0">:</mo><mrow><mn>4</mn><mi>H</mi></mrow></mrow></mrow></msub>'
        '<mo form="postfix" fence="true" stretchy="false">)</mo></mrow></mrow></mrow>'
    ),
    (
        "h_b[t] = tanh(W_b @ x[t] + U_b @ h_b[t+1] + b_b)",
        '<mrow><msub><mi>h</mi><mrow><mi mathvariant="normal">b</mi>'
        '<mo separator="true" lspace="0" rspace="0">,</mo><mi>t</mi></mrow></msub><mo>=</mo><mrow>'
        '<mi>tanh</mi><mo>⁡</mo><mrow><mo form="prefix" fence="true" stretchy="false">(</mo><mrow>'
        '<mrow><mrow><msub><mi>W</mi><mi mathvariant="normal">b</mi></msub><mspace width="0.17em"/>'
        '<msub><mi>x</mi><mi>t</mi></msub></mrow><mo>+</mo><mrow><msub><mi>U</mi>'
        '<mi mathvariant="normal">b</mi></msub><mspace width="0.17em"/><msub><mi>h</mi><mrow>'
        '<mi mathvariant="normal">b</mi><mo separator="true" lspace="0" rspace="0">,</mo><mrow><mi>t'
        '</mi><mo>+</mo><mn>1</mn></mrow></mrow></msub></mrow></mrow><mo>+</mo><msub><mi>b</mi>'
        '<mi mathvariant="normal">b</mi></msub></mrow>'
        '<mo form="postfix" fence="true" stretchy="false">)</mo></mrow></mrow></mrow>'
    ),
    (
        "h_b[T] = h_binf",
        '<mrow><msub><mi>h</mi><mrow><mi mathvariant="normal">b</mi>'
        '<mo separator="true" lspace="0" rspace="0">,</mo><mi>T</mi></mrow></msub><mo>=</mo><msub>'
        '<mi>h</mi><mrow><mi mathvariant="normal">b</mi><mi mathvariant="normal">∞</mi></mrow></msub>'
        '</mrow>'
    ),
    (
        "u = prod(f[j] for j in range(k, T)) * sqrt(abs(v)) + identity(H)",
        '<mrow><mi>u</mi><mo>=</mo><mrow><mrow><mrow><mo form="prefix" fence="true" stretchy="true">('
        '</mo><mrow><munderover><mo movablelimits="false">∏</mo><mrow><mi>j</mi><mo>=</mo><mi>k</mi>'
        '</mrow><mrow><mi>T</mi><mo>−</mo><mn>1</mn></mrow></munderover><msub><mi>f</mi><mi>j</mi>'
        '</msub></mrow><mo form="postfix" fence="true" stretchy="true">)</mo></mrow>'
        '<mo lspace="0.22em" rspace="0.22em">⊙</mo><msqrt><mrow>'
        '<mo form="prefix" fence="true" stretchy="false">|</mo><mi>v</mi>'
        '<mo form="postfix" fence="true" stretchy="false">|</mo></mrow></msqrt></mrow><mo>+</mo>'
        '<msub><mi mathvariant="normal">𝐈</mi><mrow><mi>H</mi></mrow></msub></mrow></mrow>'
    ),
]


def parts(text):
    statement = ast.parse(text).body[0]
    return statement.targets[0], statement.value


def expression(text):
    return ast.parse(text, mode="eval").body


def scalars(*texts):
    return lambda node: ast.unparse(node) in texts


@pytest.mark.parametrize("text, scalar, unicode, latex", EQUATIONS)
def test_equations_in_unicode_and_latex(text, scalar, unicode, latex):
    assert typeset.unicode(*parts(text), scalars(*scalar)) == unicode
    assert typeset.latex(*parts(text), scalars(*scalar)) == latex


@pytest.mark.parametrize("text, inside", MATHML)
def test_equations_in_mathml(text, inside):
    start = '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">'
    assert typeset.mathml(*parts(text)) == f"{start}{inside}</math>"


@pytest.mark.parametrize("text, scalar", [row[:2] for row in EQUATIONS])
def test_mathml_is_well_formed(text, scalar):
    check_mathml(typeset.mathml(*parts(text), scalars(*scalar)))


CHILDREN = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "munderover": 3, "mover": 2, "msqrt": 1}
LEAVES = {"mi", "mn", "mo", "mtext", "mspace"}
GROUPS = {"math", "mrow", "mtable", "mtr", "mtd"}


def check_mathml(text):
    for element in ElementTree.fromstring(text).iter():
        name = element.tag.rpartition("}")[2]
        if name in CHILDREN:
            assert len(element) == CHILDREN[name], name
        elif name in LEAVES:
            assert len(element) == 0 and bool(element.text) == (name != "mspace")
        else:
            assert name in GROUPS and len(element) > 0


def test_latex_groups_are_closed():
    for text, *_ in EQUATIONS:
        latex = re.sub(r"\\[{}|\\]", "", typeset.latex(*parts(text)))
        assert latex.count("{") == latex.count("}")
        assert latex.count("\\left") == latex.count("\\right")
        assert latex.count("\\begin") == latex.count("\\end")


NAMES = [
    ("h", "h", "h"),
    ("W_hh", "W_hh", r"W_{\mathrm{hh}}"),
    ("W_hy", "W_hy", r"W_{\mathrm{hy}}"),
    ("h_hat", "h\u0302", r"\hat{h}"),
    ("x_tilde", "x\u0303", r"\tilde{x}"),
    ("W_xi", "W_xi", r"W_{\mathrm{xi}}"),
    ("W_tau", "W_τ", r"W_{\tau}"),
    ("f_prime", "f′", r"f^{\prime}"),
    ("C_tilde_prime", "C\u0303′", r"\tilde{C}^{\prime}"),
    ("tanh1_prime", "tanh⁽¹⁾′", r"\mathrm{tanh}^{(1)\prime}"),
    ("x_bar_h", "x\u0304_h", r"\bar{x}_{\mathrm{h}}"),
    ("tau", "τ", r"\tau"),
    ("lamda_re", "λ_re", r"\lambda_{\mathrm{re}}"),
    ("epsilon_h", "ε_h", r"\varepsilon_{\mathrm{h}}"),
    ("Omega", "Ω", r"\Omega"),
    ("h0", "h⁽⁰⁾", "h^{(0)}"),
    ("W11", "W⁽¹¹⁾", "W^{(11)}"),
    ("h1_start", "h⁽¹⁾_start", r"h_{\mathrm{start}}^{(1)}"),
    ("h_binf", "h_b∞", r"h_{\mathrm{b}\infty}"),
    ("DIV_squared_last", "DIV_squared_last", r"\mathrm{DIV}_{\mathrm{squared},\mathrm{last}}"),
    ("grad_W2", "∇W⁽²⁾", r"\nabla W^{(2)}"),
    ("grad_h", "∇h", r"\nabla h"),
    ("d_W_hh", "d_W_hh", r"d_{\mathrm{W},\mathrm{hh}}"),
    ("hidden_hat", "hidden_hat", r"\mathrm{hidden}_{\mathrm{hat}}"),
    ("h__x", "h__x", r"\mathrm{h\_\_x}"),
]


@pytest.mark.parametrize("name, unicode, latex", NAMES)
def test_names(name, unicode, latex):
    assert typeset.unicode_name(name) == unicode
    assert typeset.latex_name(name) == latex
    check_mathml(typeset.mathml_name(name))


def test_names_are_escaped():
    name = "<b>&\"$%{}#~^\\"
    text = "".join(ElementTree.fromstring(typeset.mathml_name(name)).itertext())
    assert text == name
    latex = typeset.latex_name(name)
    assert latex == r"\mathrm{<b>\&" + '"' + r"\$\%\{\}\#\sim \hat{}\backslash }"
    assert "&lt;" in typeset.mathml_expression(expression("a if t < 1 else b"))


EXPRESSIONS = [
    # Subscripts below the line where all characters exist, otherwise brackets.
    ("h[t-1]", "hₜ₋₁"),
    ("x[t+1, j]", "xₜ₊₁,ⱼ"),
    ("x[t, j]", "xₜⱼ"),
    ("x[0, j]", "x₀,ⱼ"),
    ("x[T-1]", "x[T−1]"),
    ("x[tau]", "x[τ]"),
    ("x[ij]", "x[ij]"),
    ("x[y[t]]", "x[yₜ]"),
    ("h_l[t]", "h_l[t]"),
    ("h_f[t]", "h_f[t]"),
    ("(a[t])[i]", "(aₜ)ᵢ"),
    ("(A @ b)[i]", "(A b)ᵢ"),
    ("softmax(Y[t])[i]", "softmax(Yₜ)ᵢ"),
    # Products.
    ("2 * x", "2x"),
    ("2 * DIV", "2 DIV"),
    ("2 * exp(x)", "2 exp(x)"),
    ("2 * (1 - x)", "2(1 − x)"),
    ("2 * (3 * x)", "2(3x)"),
    ("2 * 3", "2 · 3"),
    ("2 * 3 * x", "2 · 3 x"),
    ("-0.5 * x", "−0.5x"),
    ("x * 2", "x · 2"),
    ("x * y", "x ⊙ y"),
    ("A @ B @ x", "A B x"),
    ("A @ (B @ x)", "A (B x)"),
    ("A @ x * y", "A x ⊙ y"),
    ("A @ (x * y)", "A (x ⊙ y)"),
    ("x * (y * z)", "x ⊙ (y ⊙ z)"),
    # Signs.
    ("-x * y", "−x ⊙ y"),
    ("-(x * y)", "−(x ⊙ y)"),
    ("x + -y", "x + (−y)"),
    ("x - (y - z)", "x − (y − z)"),
    ("x - y - z", "x − y − z"),
    ("-x**2", "−x²"),
    ("(-x)**2", "(−x)²"),
    # Fractions on the line.
    ("x / y", "x/y"),
    ("(x + y) / 2", "(x + y)/2"),
    ("x * y / z", "(x ⊙ y)/z"),
    ("x * (y / z)", "x ⊙ y/z"),
    ("x / y / z", "(x/y)/z"),
    ("t // 2 + t % k", "⌊t/2⌋ + (t mod k)"),
    # Powers.
    ("W_h**(k-j)", "W_hᵏ⁻ʲ"),
    ("W**T", "W^T"),
    ("W.T", "Wᵀ"),
    ("W**(T-1)", "W^(T−1)"),
    ("W1**2", "(W⁽¹⁾)²"),
    ("W1.T", "W⁽¹⁾ᵀ"),
    ("f_prime[t].T", "f′ₜᵀ"),
    ("f_prime[t]**2", "(f′ₜ)²"),
    ("grad_h[t]**2", "(∇hₜ)²"),
    ("h[t]**2", "hₜ²"),
    ("(x**2)**3", "(x²)³"),
    ("(x**2)[t]", "(x²)ₜ"),
    ("tanh(x)**2", "tanh(x)²"),
    # Sums.
    ("sum(x[j] for j in range(k+1))", "∑ⱼ₌₀ᵏ xⱼ"),
    ("sum(x[j] for j in range(k-2))", "∑ⱼ₌₀ᵏ⁻³ xⱼ"),
    ("sum(x[j] for j in range(1, 5))", "∑ⱼ₌₁⁴ xⱼ"),
    ("sum(x[j] for j in range(C))", "∑[j=0..C−1] xⱼ"),
    ("sum(x[i, j] for i in range(k) for j in range(i))", "∑ᵢ₌₀ᵏ⁻¹ ∑ⱼ₌₀ⁱ⁻¹ xᵢⱼ"),
    ("sum(x[j] + y for j in range(k))", "∑ⱼ₌₀ᵏ⁻¹ (xⱼ + y)"),
    ("sum(x[j] for j in range(k)) + y", "∑ⱼ₌₀ᵏ⁻¹ xⱼ + y"),
    ("sum(x[j] for j in range(k)) * y", "(∑ⱼ₌₀ᵏ⁻¹ xⱼ) ⊙ y"),
    ("y * sum(x[j] for j in range(k))", "y ⊙ ∑ⱼ₌₀ᵏ⁻¹ xⱼ"),
    ("sum(v)", "sum(v)"),
    # Conditions.
    ("a if t == 0 else b if t <= 2 and not k != 1 else c", "a if t = 0, b if t ≤ 2 and not k ≠ 1, else c"),
    ("max(a if t > 0 else b, c)", "max((a if t > 0, else b), c)"),
    ("x * (y > z)", "x ⊙ (y > z)"),
    # Numbers and functions.
    ("1e-07 * x", "1 × 10⁻⁷ x"),
    ("0.5 * h[t-1]", "0.5hₜ₋₁"),
    ("norm(g) * g", "‖g‖ g"),
    ("log_softmax(x) + relu(x) + one_hot(k, N)", "log softmax(x) + ReLU(x) + one-hot(k, N)"),
    ("zeros(H) + zeros(H, K)", "0_H + 0_(H×K)"),
    ("outer(u + v, w)", "(u + v) wᵀ"),
]


@pytest.mark.parametrize("text, unicode", EXPRESSIONS)
def test_expressions(text, unicode):
    assert typeset.unicode_expression(expression(text)) == unicode


def test_relations_as_a_right_side_are_bracketed():
    assert typeset.unicode(*parts("m[t] = x[t] == 1")) == "mₜ = (xₜ = 1)"
    assert typeset.unicode(*parts("m[t] = x[t] > 1 and t > 0")) == "mₜ = (xₜ > 1 and t > 0)"


def test_scalar_by_rank():
    is_scalar = typeset.scalar_by_rank({"w": 2, "h": 2, "a": 0, "b": 1})
    for text, unicode in [
        ("a * h[t]", "a hₜ"),
        ("(1 - a) * h[t]", "(1 − a) hₜ"),
        ("w[j, i] * h[t, j]", "wⱼᵢ hₜⱼ"),
        ("b * h[t]", "b ⊙ hₜ"),
        ("h[t, 0:H] * b", "h[t, 0:H] ⊙ b"),
        ("exp(a) * b", "exp(a) b"),
        ("exp(b) * b", "exp(b) ⊙ b"),
        ("mean(b) * b", "mean(b) b"),
        ("(b @ b) * b", "b b ⊙ b"),
        ("T * b", "T b"),
        ("sum(b[i] for i in range(n)) * b", "(∑ᵢ₌₀ⁿ⁻¹ bᵢ) b"),
        ("(a if t > 0 else 1) * b", "(a if t > 0, else 1) b"),
    ]:
        assert typeset.unicode_expression(expression(text), is_scalar) == unicode


@pytest.mark.parametrize(
    "text",
    [
        "lambda: x", "x & y", "~x", "x.real", "x in y", "'x'", "x[0:3:2]", "x[:3]", "f.g(x)", "f(x, y=1)",
        "[x]", "max(x for x in range(3))", "sum(x for x in y)", "sum(x for x in range(3) if x)", "True",
    ],
)  # fmt: skip
def test_what_is_not_in_the_language_is_refused(text):
    with pytest.raises(ValueError, match="not in the language"):
        typeset.unicode_expression(expression(text))


# Random trees: two different trees never look the same.

ARRAYS = ["x", "W_hh", "W_hy", "h_f", "h1", "C_tilde", "context", "grad_h", "f_prime", "I"]
INDICES = ["t", "t - 1", "k + 1", "0", "12", "T - 1", "2 * k", "(t - 1) // 2", "t // 2 - 1", "0:H", "H:2 * H", "tau"]
RANGES = ["T", "k + 1", "3", "1, T", "k, k + 3"]
CONDITIONS = ["t > 0", "t - 1 <= k % 2", "t == 0 and k > 1", "t == 0 and (k > 1 or t < 3)", "not (t < 2 or k != 1)"]
POWERS = ["2", "k - 1", "T", "-1", "2 * k", "k / 2", "k1"]


def random_scalar(source, depth):
    if depth == 0:
        return source.choice(["2", "0.5", "tau", "a"])
    left, right = random_scalar(source, depth - 1), random_scalar(source, source.randrange(depth))
    return source.choice(["({} * {})", "({} + {})", "({} - {})", "({} / {})", "(-{})", "norm({})"]).format(left, right)


def random_array(source, depth):
    if depth == 0:
        name = source.choice(ARRAYS)
        count = source.choice([0, 0, 1, 1, 2])
        return f"{name}[{', '.join(source.sample(INDICES, count))}]" if count else name
    first = random_array(source, depth - 1)
    second = random_array(source, source.randrange(depth))
    if source.random() < 0.5:
        return f"({first} {source.choice(['+', '-', '*', '@', '/'])} {second})"
    shapes = [
        "(-{a})", "({a})**({power})", "({a}).T", "tanh({a})", "sqrt({a})", "({a})[{index}]", "abs({a})",
        "concat({a}, {b})", "norm({a}, {b})", "max({a}, {b})", "({a} if {condition} else {b})", "({scalar} * {a})",
        "({a} * {scalar})", "({a} / {scalar})", "sum({a} for j in range({bounds}))",
        "prod({a} for j in range({bounds}))",
        "sum({a} for i in range(T) for j in range({bounds}))", "log(softmax({a}))", "log_softmax({a})",
    ]  # fmt: skip
    return source.choice(shapes).format(
        a=first,
        b=second,
        power=source.choice(POWERS),
        index=source.choice(INDICES),
        condition=source.choice(CONDITIONS),
        scalar=random_scalar(source, source.randrange(3)),
        bounds=source.choice(RANGES),
    )


def random_trees(seed, count, depth):
    source = random.Random(seed)
    trees = (expression(random_array(source, source.randrange(depth + 1))) for _ in range(count))
    return {ast.dump(tree): tree for tree in trees}.values()


@pytest.mark.parametrize("is_scalar", [None, scalars("tau", "a")])
@pytest.mark.parametrize(
    "render", [typeset.unicode_expression, typeset.latex_expression, typeset.mathml_expression]
)
def test_different_trees_never_look_the_same(render, is_scalar):
    seen = {}
    for seed, depth in [(1, 1), (2, 2), (3, 3), (4, 5)]:
        for tree in random_trees(seed, 1500, depth):
            other = seen.setdefault(render(tree, is_scalar), tree)
            assert ast.dump(other) == ast.dump(tree), f"{ast.unparse(other)} and {ast.unparse(tree)} look the same"
    assert len(seen) > 2500


def test_random_trees_give_well_formed_mathml():
    for tree in random_trees(5, 300, 5):
        check_mathml(typeset.mathml_expression(tree))


# A reader of the typeset operators, written from the rules and not from the typesetter: reading gives the tree back,
# and no pair of brackets can be left out.


class Reader:
    """Reads + − ⊙ / juxtaposition, signs, powers, sums and functions; fails with ValueError."""

    TOKEN = re.compile(r" [+−⊙] |∑ᵢ₌₀ᵏ |tanh\(|.")

    def __init__(self, text):
        self.tokens = self.TOKEN.findall(text)
        self.place = 0

    def read(self):
        tree = self.chain({" + ": "+", " − ": "-"}, lambda: self.chain({" ⊙ ": "*"}, self.fraction))
        if self.place < len(self.tokens) and self.tokens[self.place] != ")":
            raise ValueError(self.tokens[self.place])
        return tree

    def next(self, *tokens):
        found = self.place < len(self.tokens) and self.tokens[self.place] in tokens
        self.place += found
        return self.tokens[self.place - 1] if found else None

    def chain(self, operators, operand):
        tree = operand()
        while operator := self.next(*operators):
            if self.next("−"):
                raise ValueError("two signs in a row")
            tree = f"({tree} {operators[operator]} {operand()})"
        return tree

    def fraction(self):
        start = self.place
        tree = self.signed()
        if self.next("/"):
            return f"({tree} / {self.power()})"
        self.place = start
        return self.product()

    def product(self):
        tree = self.signed()
        while self.next(" "):
            tree = f"({tree} @ {self.term()})"
        return tree

    def signed(self):
        return f"(-{self.term()})" if self.next("−") else self.term()

    def term(self):
        if self.next("∑ᵢ₌₀ᵏ "):
            if self.tokens[self.place : self.place + 1] == ["−"]:
                raise ValueError("a sign after a sum")
            body = self.chain({" ⊙ ": "*"}, self.fraction)
            # The term of a sum reaches up to the next + or −, or to the end.
            if self.tokens[self.place : self.place + 1] not in ([], [")"], [" + "], [" − "]):
                raise ValueError("a sum without brackets is followed by a product")
            return f"sum({body} for i in range(k + 1))"
        return self.power()

    def power(self):
        if opening := self.next("(", "tanh("):
            tree = self.read()
            if not self.next(")"):
                raise ValueError("an open bracket")
            tree = f"({tree})" if opening == "(" else f"tanh({tree})"
        else:
            tree = self.next(*"abcWUV")
        if tree is None:
            raise ValueError("an operand is missing")
        raised = self.next("²", "ᵀ")
        return {"²": f"({tree})**2", "ᵀ": f"({tree}).T", None: tree}[raised]


def read_tree(text):
    try:
        reader = Reader(text)
        tree = reader.read()
        return ast.dump(expression(tree)) if reader.place == len(reader.tokens) else None
    except ValueError:
        return None


def random_operators(source, depth):
    if depth == 0:
        return source.choice("abcWUV")
    first, second = random_operators(source, depth - 1), random_operators(source, source.randrange(depth))
    shapes = ["({a} + {b})", "({a} - {b})", "({a} * {b})", "({a} @ {b})", "({a} / {b})"] * 2
    shapes += ["(-{a})", "({a})**2", "({a}).T", "tanh({a})", "sum({a} for i in range(k + 1))"]
    if source.random() < 0.5:
        first, second = second, first
    return source.choice(shapes).format(a=first, b=second)


def without_brackets(text):
    """``text`` with each pair of grouping brackets left out in turn."""
    opened = []
    for place, character in enumerate(text):
        if character == "(":
            opened.append(place)
        elif character == ")":
            start = opened.pop()
            if not text[:start].endswith("tanh"):
                yield text[:start] + text[start + 1 : place] + text[place + 1 :]


def test_the_text_reads_back_as_the_tree_and_no_bracket_is_too_many():
    source = random.Random(6)
    for _ in range(2000):
        tree = expression(random_operators(source, source.randrange(6)))
        text = typeset.unicode_expression(tree)
        assert read_tree(text) == ast.dump(tree), text
        for shorter in without_brackets(text):
            assert read_tree(shorter) != ast.dump(tree), f"{text} says no more than {shorter}"
