"""A NARX forecast: fitted on the first part of a series, running free on the rest, against the truth."""

import numpy as np

import refrnn
from refrnn.learning.ridge import ridge

TITLE = "A NARX forecast: fitted on true values, then running on its own predictions"
SAYS = (
    "Measured on a made series in the place of the lecture's hourly temperature: air and ground that the sun (the input, known throughout) warms and that cool again, "
    "with noise. A NARX with {inputs} input and {outputs} output delays is fitted on {fitted} hours by one ridge regression (inverse tanh of the true values), and "
    "fed back its own predictions from there on, by the kernel of narx. Root mean square error over the {free} hours that the fit never saw: running free "
    "{error:.3f}, fed back true values {one_step:.3f}; the mean of the known hours has {constant:.3f}, the true value a day before {persistent:.3f}."
)
CITES = ("narx",)
SIZE = (7, 4.3)

DAY = 24
KNOWN, FREE = 60 * DAY, 7 * DAY
BEFORE = 3 * DAY  # hours of the known part that are drawn
INPUTS, OUTPUTS = 6, 6  # delays
PREDICTED, TRUE = 0, 1


def measured(seed):
    """The series, the forecasts from the end of the known part on, and their errors."""
    sun, truth = _series(np.random.default_rng([seed, 19]))
    W_x, W_y, b = _fitted(sun[:KNOWN], truth[:KNOWN])
    free, one_step = (_forecast(sun, truth, W_x, W_y, b, feedback) for feedback in (PREDICTED, TRUE))
    rest = truth[KNOWN:]
    guesses = {"error": free, "one_step": one_step, "constant": truth[:KNOWN].mean(), "persistent": truth[KNOWN - DAY : -DAY]}
    errors = {name: float(np.sqrt(np.mean((guess - rest) ** 2))) for name, guess in guesses.items()}
    told = {"fitted": KNOWN, "free": FREE, "inputs": INPUTS, "outputs": OUTPUTS}
    return {"sun": sun, "truth": truth, "free_run": free, "one_step_run": one_step, "W_x": W_x, "W_y": W_y, "b": b, **errors, **told}


def _series(random):
    """Sun, by hour and cloudiness, and a temperature that follows it through air and ground, scaled into ±0.4."""
    hours = np.arange(KNOWN + FREE)
    clouds = np.zeros(len(hours))
    for hour in hours[1:]:
        clouds[hour] = 0.9 * clouds[hour - 1] + 0.4 * random.standard_normal()
    sun = np.maximum(np.sin(2 * np.pi * (hours - 6) / DAY), 0) / (1 + np.exp(2 * clouds - 1))
    air, ground, found = 0.0, 0.0, []
    for hour in hours:
        air, ground = air + 0.15 * (ground - air) + 0.5 * sun[hour] - 0.08 * air + 0.01 * random.standard_normal(), ground + 0.03 * (air - ground)
        found.append(air)
    temperature = np.array(found)
    middle = (temperature.max() + temperature.min()) / 2
    return sun, 0.4 * (temperature - middle) / (temperature.max() - middle)


def _fitted(sun, truth):
    """W_x, W_y and b by least squares of the inverse tanh of what is true, from what the delays held."""
    first = max(INPUTS, OUTPUTS)
    columns = [sun[first - m : len(sun) - m] for m in range(INPUTS + 1)] + [truth[first - n : len(truth) - n] for n in range(1, OUTPUTS + 1)]
    features = np.stack([*columns, np.ones(len(sun) - first)], axis=-1)[:, None]
    W = ridge(features, np.arctanh(truth[first:])[:, None, None], penalty=1e-6)[0]
    return W[: INPUTS + 1, None, None], W[INPUTS + 1 : -1, None, None], W[-1:]


def _forecast(sun, truth, W_x, W_y, b, feedback):
    values = {"X": sun[KNOWN:, None, None], "D": truth[KNOWN:, None, None], "X_start": sun[KNOWN - INPUTS : KNOWN][None, :, None]}
    values |= {"fed_start": truth[KNOWN - OUTPUTS : KNOWN][None, :, None], "W_x": W_x, "W_y": W_y, "b": b, "feedback": feedback}
    return refrnn.load("narx").forward(values).outputs["Y"][:, 0, 0]


def draw(figure, data):
    """The input above, the truth and the forecast below, and what is left between them."""
    sun, series, rest = figure.subplots(3, 1, sharex=True, height_ratios=(2, 5, 3))
    known, free = np.arange(-BEFORE, 0), np.arange(FREE)
    sun.plot(np.arange(-BEFORE, FREE), data["sun"][KNOWN - BEFORE :], color="black", linewidth=0.9)
    sun.set_ylabel("sun, of 1")
    series.plot(np.arange(-BEFORE, FREE), data["truth"][KNOWN - BEFORE :], color="0.6", linewidth=2.4, label="truth")
    series.plot(free, data["free_run"], color="black", linestyle="--", marker="o", markevery=6, label="forecast, running free")
    series.set_ylabel("temperature, scaled")
    series.legend(loc="lower right", ncols=2, bbox_to_anchor=(1, 0.95))
    for name, label, look in (("free_run", "running free", {"color": "black", "linestyle": "--"}), ("one_step_run", "one step ahead", {"color": "0.55", "linestyle": "-"})):
        rest.plot(free, data[name] - data["truth"][KNOWN:], label=label, **look)
    rest.set_ylabel("error")
    rest.legend(loc="center left")
    rest.set_xlabel("hours from the end of the known part")
    for axes in (sun, series, rest):
        axes.axvline(0, color="black", linewidth=0.8, linestyle=":")
        axes.set_xticks(np.arange(-BEFORE, FREE + 1, DAY))
    figure.align_ylabels()
