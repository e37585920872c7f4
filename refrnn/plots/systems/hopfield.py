"""A Hopfield net settles: letters are recalled from damaged ones while the energy falls."""

import numpy as np

import refrnn
from refrnn.claims.measure import energy
from refrnn.plots.page import stroke

TITLE = "A Hopfield net settles: stored letters come back from damaged ones"
SAYS = (
    "Measured: X[t+1] = tanh(W X[t]), all {units} units at once, by the kernel of hopfield. W stores the letters by Hebb's rule with a gain of {gain:g} and "
    "no unit wired to itself; of each start {flipped} units are flipped, and it has half of the strength. Black is 1, white -1; below each state "
    "stands how many units are on the letter's side. Energy: -X·W·X/2 and, for each unit, the integral of the inverse of tanh."
)
CITES = ("hopfield",)
SIZE = (7, 3.7)

LETTERS = {
    "R": "#######... ########.. ##....##.. ##....##.. ########.. #######... ##..##.... ##...##... ##....##.. ##.....##.",
    "T": "########## ########## ....##.... ....##.... ....##.... ....##.... ....##.... ....##.... ....##.... ....##....",
    "O": "..######.. .########. ###....### ##......## ##......## ##......## ##......## ###....### .########. ..######..",
}
FLIPPED, GAIN, STRENGTH = 25, 1.5, 0.5
STEPS = 25
SHOWN = (0, 1, 2, 4, 8, STEPS)  # states that are shown as pictures


def measured(seed):
    """The states (letter, time, unit) from the damaged letters on, the letters, and the energy (letter, time)."""
    letters = np.stack([_pattern(rows) for rows in LETTERS.values()])
    count, units = letters.shape
    random = np.random.default_rng(seed)
    damaged = letters.copy()
    for pattern in damaged:
        pattern[random.choice(units, FLIPPED, replace=False)] *= -1
    W = GAIN / units * (letters.T @ letters - count * np.eye(units))
    start, Theta = STRENGTH * damaged, np.zeros(units)
    X = refrnn.load("hopfield").forward({"X0": start, "W": W, "Theta": Theta, "T": STEPS}).outputs["X"]
    states = np.concatenate((start[None], X)).swapaxes(0, 1)
    agreeing = np.sum(states * letters[:, None] > 0, axis=-1)
    energies = np.stack([energy(of_one, W, Theta) for of_one in states])
    return {"states": states, "letters": letters, "energy": energies, "agreeing": agreeing, "W": W, "units": units, "gain": GAIN, "flipped": FLIPPED}


def _pattern(rows):
    return np.array([1.0 if mark == "#" else -1.0 for mark in rows.replace(" ", "")])


def draw(figure, data):
    """A row of pictures for each letter, and the energies of all beside them."""
    left, right = figure.subfigures(1, 2, width_ratios=(len(SHOWN) + 1, 3))
    every = left.subplots(len(LETTERS), len(SHOWN) + 1)
    side = int(np.sqrt(data["units"]))
    for row, (states, letter, agreeing) in enumerate(zip(data["states"], data["letters"], data["agreeing"])):
        for axes, time in zip(every[row], SHOWN):
            _show(axes, states[time].reshape(side, side))
            axes.set_xlabel(f"{agreeing[time]}")
        _show(every[row, -1], letter.reshape(side, side))
    for axes, time in zip(every[0], SHOWN):
        axes.set_title({0: "start", STEPS: f"step {STEPS}"}.get(time, f"step {time}"))
    every[0, -1].set_title("stored")
    axes = right.subplots()
    for place, (name, values) in enumerate(zip(LETTERS, data["energy"])):
        axes.plot(values, label=name, **stroke(place, STEPS))
    axes.set_xlabel("update")
    axes.set_ylabel("energy")
    axes.legend()


def _show(axes, picture):
    axes.imshow(picture, cmap="gray_r", vmin=-1, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
