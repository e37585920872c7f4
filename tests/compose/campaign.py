"""Every cell in every architecture, held against the equations of the network.

The tests take a covering set of networks. All of them, each verified as a spec of the library is, on every case:

    python -m tests.compose.campaign
"""

import sys
from itertools import product

from refrnn.compose import autoencoder, bidirectional, conditioned, encoder_decoder, feed_forward, stack
from refrnn.verify.backends import compare
from refrnn.verify.cases import Case
from refrnn.verify.truth import Truth

CELLS = (
    "elman", "lstm", "lstm-peephole", "lstm-peephole-diagonal", "gru-reset-before", "gru-reset-after", "gru-minimal", "leaky-units",
)  # fmt: skip
ACTIVATIONS = ("tanh", "sigmoid", "relu", "linear", "softmax")

# Each makes a network of two cells and an activation.
ARCHITECTURES = {
    "one layer": lambda a, b, f: stack([a]),
    "two layers": lambda a, b, f: stack([a, b]),
    "three layers": lambda a, b, f: stack([a, b, a]),
    "deep": lambda a, b, f: stack([a, b], between=f),
    "deep, three layers": lambda a, b, f: stack([a, b, b], between=f),
    "with an output layer": lambda a, b, f: stack([a, feed_forward(f)]),
    "bidirectional": lambda a, b, f: bidirectional(a, b),
    "bidirectional of two layers": lambda a, b, f: bidirectional(stack([a, b]), stack([b, a])),
    "stacked bidirectional": lambda a, b, f: stack([bidirectional(a), bidirectional(b, a)]),
    "stacked bidirectional, three blocks": lambda a, b, f: stack([bidirectional(a, b), bidirectional(b), bidirectional(a)]),
    "encoder and decoder": lambda a, b, f: encoder_decoder(a, b),
    "encoder and decoder of two layers": lambda a, b, f: encoder_decoder(stack([a, b]), stack([b, a])),
    "encoder and decoder of three layers": lambda a, b, f: encoder_decoder(stack([a, b, b]), stack([a, a, b])),
    "bidirectional encoder": lambda a, b, f: encoder_decoder(bidirectional(a, b), stack([b, feed_forward(f)])),
    "autoencoder": lambda a, b, f: autoencoder(a, b),
    "autoencoder of two layers": lambda a, b, f: autoencoder(stack([a, b]), stack([b, b], between=f)),
    "autoencoder, bidirectional": lambda a, b, f: autoencoder(bidirectional(a, b)),
    "conditioned start": lambda a, b, f: conditioned(a),
    "conditioned start of three layers": lambda a, b, f: conditioned(stack([a, b, a])),
    "conditioned start, bidirectional": lambda a, b, f: conditioned(bidirectional(a, b)),
}


def disagreements(spec, dtype, seed):
    """Where reference and compiled kernel leave the equation on a ragged case, NaN behind every end: texts."""
    times = {name: 4 + place for place, name in enumerate(spec.time)}
    truth = Truth(spec, Case(f"ragged-{dtype}", dtype, times, batch=3, seed=seed, ragged=True))
    findings = []
    for backend in ("reference", "compiled"):
        judged, found = compare(spec, truth, backend)
        findings += [str(finding) for finding in found]
        compared = {worst.quantity for worst in judged}
        wanted = {*spec.outputs, *(f"d_{name}" for name in spec.differentiated)}
        findings += [f"{backend}: {name} is not compared" for name in wanted - compared]
    return findings


def every_network():
    """(name, spec) of every architecture with every pair of cells."""
    for place, (a, b) in enumerate(product(CELLS, CELLS)):
        for name, make in ARCHITECTURES.items():
            yield name, make(a, b, ACTIVATIONS[place % len(ACTIVATIONS)])


def main():
    """Verify every network; the exit status says whether all hold."""
    from refrnn.verify.verify import verify_spec

    failed = count = 0
    for name, spec in every_network():
        report = verify_spec(spec)
        count += 1
        failed += not report.ok
        for failure in report.failures:
            print(f"\n{name}, {spec.id}: {failure}")
        print(f"\r{count} networks, {failed} failed", end="", flush=True)
    print()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
