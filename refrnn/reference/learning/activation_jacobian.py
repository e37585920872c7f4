"""Activations and the products with their Jacobians. Lecture cmu-2017, ELU: Clevert, Unterthiner and Hochreiter 2016.

z and every h (T, N), all of one float type.
"""

import numpy as np


def forward(z):
    e = np.exp(-np.abs(z))  # never overflows
    powers = np.exp(z - np.max(z, axis=1, keepdims=True))

    h_sigmoid = np.where(z >= 0, 1, e) / (1 + e)
    h_tanh = np.tanh(z)
    h_relu = np.maximum(z, 0)
    h_elu = np.where(z > 0, z, np.expm1(np.minimum(z, 0)))
    h_softmax = powers / np.sum(powers, axis=1, keepdims=True)

    outputs = {"h_sigmoid": h_sigmoid, "h_tanh": h_tanh, "h_relu": h_relu, "h_elu": h_elu, "h_softmax": h_softmax}
    return outputs, {"z": z, **outputs}


def backward(saved, d_h_sigmoid, d_h_tanh, d_h_relu, d_h_elu, d_h_softmax):
    z, h_sigmoid, h_tanh, h_softmax = saved["z"], saved["h_sigmoid"], saved["h_tanh"], saved["h_softmax"]

    d_z = d_h_sigmoid * h_sigmoid * (1 - h_sigmoid)
    d_z += d_h_tanh * (1 - h_tanh**2)
    d_z += np.where(z > 0, d_h_relu, 0)
    d_z += d_h_elu * np.where(z > 0, 1, np.exp(np.minimum(z, 0)))
    # Every output of the softmax depends on every z, so its Jacobian is no diagonal.
    d_z += h_softmax * (d_h_softmax - np.sum(d_h_softmax * h_softmax, axis=1, keepdims=True))

    return {"z": d_z}
