"""A word from the mean of the words around it."""

import numpy as np
from differential import assert_backends_agree, assert_near, assert_same, each_backend, each_precision, given

import refrnn

spec = refrnn.load("mean-pooling")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_texts_by_hand(backend, dtype):
    """The first has the words 0, 1, 2, 1 around, the second only 2: what stands behind it is not read."""
    values = given(dtype, P=[[1, 2, 3], [8, 0, 4]], U=np.zeros((3, 2)))
    values |= {"w": np.array([[0, 2], [1, -7], [2, 99], [1, -1]]), "d": np.array([0, 1])}
    run = spec.forward(values, backend, [4, 1])
    assert_same(run.outputs["pool"], [[2, 3], [3, 4]])
    gradients = run.backward(given(dtype, pool=[[4, 8], [16, 32]]))
    assert_same(gradients["P"], [[1, 2, 17], [2, 4, 34]])


@each_backend
@each_precision
def test_order_of_the_words_does_not_matter(backend, dtype):
    values = spec.draw({"K": 6}, batch=2, seed=1, dtype=dtype)
    run, turned = (spec.forward({**values, "w": words}, backend) for words in (values["w"], values["w"][::-1]))
    for name in spec.outputs:
        assert_near(turned.outputs[name], run.outputs[name], ulp=16)


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    values = spec.draw({"K": 5}, batch=3, seed=2, dtype=dtype)
    run = spec.forward(values, backend, [2, 5, 1])
    for item, length in enumerate((2, 5, 1)):
        alone = {**values, "w": values["w"][:length, item : item + 1], "d": values["d"][item : item + 1]}
        for name, array in spec.forward(alone, backend).outputs.items():
            assert_same(run.outputs[name][item : item + 1], array)
