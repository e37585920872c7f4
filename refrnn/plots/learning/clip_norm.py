"""Gradients that vanish and explode on their way back through time, and in a training, with and without clipping."""

import numpy as np

import refrnn
from refrnn.learning import SGD, Trainer, by_norm, initial, squared_error
from refrnn.plots.page import key, stroke

TITLE = "Vanishing and exploding gradients, with and without clipping by the norm"
SAYS = (
    "Measured on tanh nets of {units} units, by the kernels of elman and clip-norm. Left: the norm of ∂L/∂h[t] where L hangs on the last state alone, for three spectral "
    "radii of the random W_hh: it vanishes or explodes; clipped to {tau:g} at every step (grey, open markers) it no longer explodes, and what vanishes "
    "stays so. Right: a net with the radius {radius:g} learns to say what it was given {delay} steps before, by plain gradient descent: the norm of all its "
    "gradients together before clipping, and its error; dotted is the error of the answer 0. What is above a panel's upper edge is left out."
)
CITES = ("clip-norm", "bptt-jacobians")
SIZE = (7, 4.4)

UNITS, TAU = 50, 10.0
RADII = (0.7, 1.5, 3.0)
STEPS = 60
TRAINED, RADIUS, RATE, TRAINED_TAU = 30, 2.2, 0.08, 1.0
LENGTH, BATCH, DELAY, UPDATES = 50, 16, 3, 600
NORMS, ERRORS = (1e-2, 1e6), (1e-2, 1e2)  # what the picture has room for


def measured(seed):
    """The norms (radius, clipped or not, time) of the errors, and of the gradients and losses of both trainings (clipped or not, update)."""
    back = np.array([_back(radius, seed) for radius in RADII])
    training = np.array([_training(clip, seed) for clip in (None, by_norm(TRAINED_TAU))])
    told = {"units": f"{UNITS} and {TRAINED}", "tau": TAU, "radius": RADIUS, "delay": DELAY}
    return {"time": np.arange(1, STEPS + 1), "back": back, "training": training, "zero": (1 - DELAY / LENGTH) / 3, **told}


def _matrix(radius, units, seed):
    """Random weights of that spectral radius."""
    W = np.random.default_rng([seed, 23]).standard_normal((units, units))
    return radius * W / np.abs(np.linalg.eigvals(W)).max()


def _back(radius, seed):
    """The norms of the error at every state, as it is and clipped on its way, from an error of length 1 at the last."""
    spec, random = refrnn.load("elman"), np.random.default_rng([seed, 29])
    x, error = 0.3 * random.standard_normal((STEPS, 1, UNITS)), random.standard_normal((1, UNITS))
    fixed = {"W_xh": np.eye(UNITS), "W_hh": _matrix(radius, UNITS, seed), "W_hy": np.zeros((UNITS, 1)), "simple": 0}
    states = np.concatenate((np.zeros((1, 1, UNITS)), spec.forward({**fixed, "x": x, "h0": np.zeros((1, UNITS))}).outputs["h"]))
    plain, clip = [error / np.linalg.norm(error)], by_norm(TAU)
    clipped = list(plain)
    for t in range(STEPS - 1, 0, -1):
        step = spec.forward({**fixed, "x": x[t : t + 1], "h0": states[t]})
        plain.append(step.backward({"h": plain[-1][None]})["h0"])
        clipped.append(clip({"h": step.backward({"h": clipped[-1][None]})["h0"]})["h"])
    return [[np.linalg.norm(error) for error in errors[::-1]] for errors in (plain, clipped)]


def _training(clip, seed):
    """The norm of all gradients and the loss of every update; infinite from where a training breaks down."""
    norms, losses = np.full(UPDATES, np.inf), np.full(UPDATES, np.inf)
    spec = refrnn.load("elman")
    parameters = initial(spec, {"I": 1, "H": TRAINED, "O": 1}, seed, "float64") | {"W_hh": _matrix(RADIUS, TRAINED, seed)}

    def watched(gradients):
        norms[trainer.steps] = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients.values()))
        return gradients if clip is None else clip(gradients)

    trainer = Trainer(spec, parameters, SGD(RATE), watched, seed=seed)
    with np.errstate(all="ignore"):  # what breaks down is in the picture
        for update in range(UPDATES):
            x = trainer.random.uniform(-1, 1, (LENGTH, BATCH, 1))
            wanted = np.concatenate((np.zeros((DELAY, BATCH, 1)), x[:-DELAY]))
            try:
                losses[update] = trainer.step({"x": x, "simple": 0}, squared_error("y", wanted))
            except refrnn.ValuesError:  # not finite any more
                break
    return norms, losses


def draw(figure, data):
    """The way back in time on the left, the trainings on the right."""
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1))
    axes = left.subplots()
    for place, (radius, (plain, clipped)) in enumerate(zip(RADII, data["back"])):
        look = stroke(place, STEPS, 12)
        axes.plot(data["time"], clipped, **{**look, "color": "0.55", "markerfacecolor": "white", "markevery": (look["markevery"][0] + 6, 12)})
        axes.plot(data["time"], plain, label=f"radius {radius:g}", **look)
    axes.set_yscale("log")
    axes.set_xlabel("time step t")
    axes.set_ylabel("norm of ∂L/∂h[t]")
    key(figure, axes.lines[1::2])
    norm, loss = right.subplots(2, 1, sharex=True)
    for name, (norms, losses), color in zip(("not clipped", f"clipped to {TRAINED_TAU:g}"), data["training"], ("0.6", "black")):
        for axes, values in ((norm, norms), (loss, losses)):
            axes.plot(np.arange(1, UPDATES + 1), np.where(np.isfinite(values), values, np.nan), color=color, linewidth=0.9, label=name)
    loss.axhline(data["zero"], color="black", linestyle=":")
    for axes, name, room in ((norm, "norm of the gradients", NORMS), (loss, "mean squared error", ERRORS)):
        axes.set(yscale="log", ylim=room, ylabel=name)
    loss.set_xlabel("update")
    norm.legend(loc="upper right", ncols=2)
    right.align_ylabels()
