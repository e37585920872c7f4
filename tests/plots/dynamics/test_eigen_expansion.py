"""The curves of the picture are the lengths of real powers of a matrix with those eigenvalues."""

import numpy as np
import pytest

from refrnn.plots.dynamics import eigen_expansion


def test_each_curve_is_the_length_of_a_power_and_its_leading_term_a_power_of_the_largest():
    data = eigen_expansion.measured(2)
    h, p, q = (data["fixed"][name].ravel() for name in ("h", "p", "q"))
    vectors = np.eye(4) + np.outer(p, q)  # in columns
    cosine, sine = np.cos(np.pi / 6), np.sin(np.pi / 6)
    for place, largest in enumerate((0.9, 1.0, 1.1)):
        inner = [np.diag([0, 0, largest, second]) for second in (0.5, 0.1)]
        pair = np.diag([0, 0, 0.5, 0.25])
        pair[:2, :2] = largest * np.array([[cosine, -sine], [sine, cosine]])
        for kind, middle in enumerate([*inner, pair]):
            W = vectors @ middle @ np.linalg.inv(vectors)
            assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(largest)
            expected = [np.linalg.norm(np.linalg.matrix_power(W, t) @ h) / np.linalg.norm(h) for t in data["time"]]
            assert data["whole"][place, kind] == pytest.approx(expected, rel=1e-8)
            kept = [0, 1] if kind == 2 else [2]
            components = np.linalg.solve(vectors, h)
            terms = [vectors[:, kept] @ np.linalg.matrix_power(middle[np.ix_(kept, kept)], t) @ components[kept] for t in data["time"]]
            assert data["leading"][place, kind] == pytest.approx(np.linalg.norm(terms, axis=1) / np.linalg.norm(h), rel=1e-8)
