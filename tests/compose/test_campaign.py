"""Every cell through every architecture, of one to three layers: equation, reference and compiled kernel agree, gradients and all."""

import pytest
from compose.campaign import ACTIVATIONS, ARCHITECTURES, CELLS, disagreements

# Each network is compiled, which takes seconds: of the small ones every twelfth cell, other ones in each architecture; of
# every sixth large one, which takes ten to twenty, one. ``python -m tests.compose.campaign`` asks all.
LARGE = [name for name in ARCHITECTURES if "three" in name or "of two" in name or "stacked" in name or "bidirectional " in name]
NETWORKS = [
    pytest.param(name, place, id=f"{name}-{cell}")
    for number, name in enumerate(ARCHITECTURES)
    for place, cell in enumerate(CELLS)
    if (place - number) % 12 == 0 and (name not in LARGE or LARGE.index(name) % 6 == 0)
]


@pytest.mark.parametrize(("architecture", "place"), NETWORKS)
def test_backends_agree(architecture, place):
    """The precision, the layer between and the random numbers change from network to network."""
    number = place + list(ARCHITECTURES).index(architecture)
    activation = ACTIVATIONS[number % len(ACTIVATIONS)]
    spec = ARCHITECTURES[architecture](CELLS[place], CELLS[(place + 3) % len(CELLS)], activation)
    assert spec.backends[:3] == ("equation", "reference", "compiled")
    assert not disagreements(spec, ("float64", "float32")[(number + place // 2) % 2], seed=number)


def test_a_fault_is_found():
    """A network whose parts are joined wrongly does not agree with its equations."""
    from refrnn.compose import bidirectional

    spec = bidirectional("lstm", "leaky-units")
    turned = spec.bindings["reference"].parts[1]
    object.__setattr__(turned, "backward", False)
    assert any("h differs" in text for text in disagreements(spec, "float64", seed=1))
