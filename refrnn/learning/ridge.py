"""Ridge regression: the linear read-out of least squared error, with a penalty on its weights."""

import numpy as np

from refrnn.errors import ValuesError
from refrnn.learning.settings import checked


def ridge(features, wanted, penalty=0.0, washout=0, lengths=None):
    """The weights W (O, F) that make |wanted - W @ features|^2 + penalty |W|^2, summed over steps and sequences, least.

    features (T, B, F), wanted (T, B, O), both of one float type. The first ``washout`` steps of every sequence are left
    out, for a state still knows its start there; lengths (B,) leaves out what lies past each sequence's end.
    """
    features, wanted = np.asarray(features), np.asarray(wanted)
    _check(features, wanted, penalty, washout)
    steps = np.arange(len(features))[:, None]
    ends = np.full(features.shape[1], len(features)) if lengths is None else np.asarray(lengths)
    counted = (steps >= washout) & (steps < ends)
    if not counted.any():
        raise ValuesError(f"no step is left to learn from: washout is {washout}, and no sequence is longer")
    return _solved(features[counted], wanted[counted], penalty)


def _solved(rows, wanted, penalty):
    # Rows sqrt(penalty) * identity that want zero add the penalty, and spare the square of the condition number.
    width = rows.shape[1]
    extended = np.concatenate((rows, np.sqrt(penalty) * np.eye(width)))
    aims = np.concatenate((wanted, np.zeros((width, wanted.shape[1]))))
    return np.linalg.lstsq(extended, aims, rcond=None)[0].T.astype(rows.dtype)


def _check(features, wanted, penalty, washout):
    if features.ndim != 3 or wanted.ndim != 3 or features.shape[:2] != wanted.shape[:2]:
        raise ValuesError(
            f"features must be [T, batch, F] and wanted [T, batch, O] of the same steps, not {list(features.shape)} and {list(wanted.shape)}"
        )
    if features.dtype.kind != "f" or features.dtype != wanted.dtype:
        raise ValuesError(f"features and wanted must be of one float type, not {features.dtype} and {wanted.dtype}")
    checked("the penalty", penalty, lambda penalty: 0 <= penalty < np.inf, "from 0")
    if isinstance(washout, bool) or not isinstance(washout, (int, np.integer)) or washout < 0:
        raise ValuesError(f"washout must be a number of steps from 0, not {washout!r}")
