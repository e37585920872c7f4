"""Gradients of the weights by layer at initialisation, in a net as wide as the lecture's, for its four activations."""

import numpy as np

import refrnn
from refrnn.claims.depth import ACTIVATIONS, layer_table, starting_values
from refrnn.plots.page import key, stroke

TITLE = "Gradients through depth: how much reaches the layers near the input"
SAYS = (
    "Measured at initialisation, by the kernel of gradient-through-depth: the mean over a layer's neurons of the norm of the gradient of "
    "the error by a neuron's incoming weights, in a net of {layers} layers of {width} units, for a batch of {instances} instances; E is half the squared error of the last layer, inputs and targets are normal. "
    "The lecture's depth and the start of its weights are lost with its pictures. From a uniform start within ±1/√{width} of weights and biases; "
    "and from normal weights of variance 2/{width} without biases, which keep the size of a ReLU net's activities."
)
CITES = ("gradient-through-depth",)
SIZE = (7, 3.9)

WIDTH, LAYERS, INSTANCES = 1024, 16, 3
STARTS = {"uniform": True, "doubled": False}  # and whether there are biases


def measured(seed):
    """Magnitudes by activation, the layer at the input first: of the batch and of each instance from the uniform start, and of the batch from the other."""
    batch, single = [], []
    for start, bias in STARTS.items():
        drawn = starting_values(WIDTH, LAYERS, INSTANCES, start, bias, seed=seed)
        tables = [layer_table(refrnn.load("gradient-through-depth"), {**drawn, "activation": activation}) for activation in range(len(ACTIVATIONS))]
        batch.append([table[0] for table in tables])
        single.append([table[1] for table in tables])
    return {"layer": np.arange(1, LAYERS + 1), "batch": np.array(batch), "single": np.array(single[0]), "width": WIDTH, "layers": LAYERS, "instances": INSTANCES}


def draw(figure, data):
    """A panel for each activation, on one scale."""
    every = figure.subplots(1, len(ACTIVATIONS), sharex=True, sharey=True)
    for axes, name, uniform, doubled, single in zip(every, ACTIVATIONS, *data["batch"], data["single"]):
        one = axes.plot(data["layer"], single.T, color="0.6", linewidth=0.8, label="individual instances, uniform start")[0]
        axes.plot(data["layer"], uniform, label="batch, uniform start", **stroke(0, LAYERS))
        axes.plot(data["layer"], doubled, label="batch, variance 2/width", **stroke(1, LAYERS))
        axes.set_yscale("log")
        axes.set_title(name)
        axes.set_xlabel("layer (1: at the input)")
    every[0].set_ylabel("mean norm of ∂E/∂W of a neuron")
    key(figure, [*every[0].lines[-2:], one])
