"""Two bidirectional blocks, one on the other. Lecture cmu-2020, Schuster and Paliwal 1997.

Gives h1 (T, B, H1 + K1), h2 (T, B, H2 + K2).
By hand: what its equations compile to takes 0.6 to 3.6 times as long.
"""

from ..families import bidirectional
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut

TAKES = Arguments(
    "x (T, B, I); h1_f0 (B, H1); h1_binf (B, K1); W1_f (H1, I); U1_f (H1, H1); b1_f (H1); W1_b (K1, I); U1_b (K1, K1); "
    "b1_b (K1); h2_f0 (B, H2); h2_binf (B, K2); W2_f (H2, H1+K1); U2_f (H2, H2); b2_f (H2); W2_b (K2, H1+K1); "
    "U2_b (K2, K2); b2_b (K2); lengths of T"
)


@TAKES.forward
def forward(
    x, h1_f0, h1_binf, W1_f, U1_f, b1_f, W1_b, U1_b, b1_b, h2_f0, h2_binf, W2_f, U2_f, b2_f, W2_b, U2_b, b2_b, lengths=None
):  # fmt: skip
    h1, first = bidirectional.forward(x, h1_f0, h1_binf, W1_f, U1_f, b1_f, W1_b, U1_b, b1_b, lengths)
    h2, second = bidirectional.forward(h1, h2_f0, h2_binf, W2_f, U2_f, b2_f, W2_b, U2_b, b2_b, lengths)
    states = {"h1_f": first["h_f"], "h1_b": first["h_b"], "h2_f": second["h_f"], "h2_b": second["h_b"]}
    return {"h1": h1, "h2": h2}, {**states, "blocks": (first, second), "lengths": lengths}


@TAKES.backward
def backward(saved, d_h1, d_h2):
    first, second = saved["blocks"]
    of_second = bidirectional.backward(second, d_h2)
    of_first = bidirectional.backward(first, cut(d_h1, saved["lengths"]) + of_second.pop("x"))
    d = {"x": of_first.pop("x")}
    for block, gradients in (("1", of_first), ("2", of_second)):
        d |= {f"{name[0]}{block}{name[1:]}": gradient for name, gradient in gradients.items()}
    return d
