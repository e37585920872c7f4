"""Two series on which reservoirs are measured: NARMA of order ten, and the chaotic one of Mackey and Glass."""

import numpy as np

BEFORE = 50  # steps of NARMA that are left out, in which it forgets that it began at 0
DELAY, EULER, SETTLING = 17, 10, 1000  # of Mackey-Glass: its tau, Euler steps a step, and steps that are left out


def narma(steps, seed):
    """(u, y): an input, uniform below 1/2, and the output that follows it one step later.

    y[t+1] = 0.3 y[t] + 0.05 y[t] (y[t] + ... + y[t-9]) + 1.5 u[t-9] u[t] + 0.1, as Atiya and Parlos, New results on recurrent
    network training (2000), have it. Now and then it grows without bound; such an input is drawn again.
    """
    random = np.random.default_rng(seed)
    while True:
        u = random.uniform(0, 0.5, BEFORE + steps)
        y = np.zeros(BEFORE + steps + 1)
        for t in range(9, BEFORE + steps):
            y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * y[t - 9 : t + 1].sum() + 1.5 * u[t - 9] * u[t] + 0.1
            if y[t + 1] > 1:
                break
        else:
            return u[BEFORE:], y[BEFORE + 1 :]


def mackey_glass(steps, seed):
    """y' = 0.2 y(t - 17) / (1 + y(t - 17)^10) - 0.1 y from a random past, one value a unit of time, by ten Euler steps each, as in Jaeger 2001."""
    back = DELAY * EULER
    y = list(1.2 + 0.2 * (np.random.default_rng(seed).random(back + 1) - 0.5))
    for _ in range((SETTLING + steps) * EULER):
        late = y[-back - 1]
        y.append(y[-1] + (0.2 * late / (1 + late**10) - 0.1 * y[-1]) / EULER)
    return np.array(y[back + 1 :: EULER][SETTLING : SETTLING + steps])
