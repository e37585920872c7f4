"""PyTorch's DataLoader with workers that are forked, after OpenMP's threads ran in the parent: every worker answers, with the same bits."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

TEXT = """
import sys
sys.path[:0] = {path!r}
import numba
import numpy as np
import torch
import refrnn
from refrnn.kernels.primitives import threads

spec = refrnn.load("lstm")
values = spec.draw({{"T": 40, "I": 24, "H": 40}}, batch=64)

class Runs(torch.utils.data.Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, item):
        run = spec.forward(values | {{"x": values["x"] * (item + 1)}}, "kernel")
        return run.outputs["h"], run.backward({{"h": run.outputs["h"]}})["W"]

@numba.njit(parallel=True)
def summed(array):
    total = 0.0
    for k in numba.prange(len(array)):
        total += array[k]
    return total

def work():
    torch.set_num_threads(2)
    torch.randn(400, 400, requires_grad=True).matmul(torch.randn(400, 400)).sum().backward()  # OpenMP's threads are there now
    summed(np.ones(10**5))  # and the caller's own
    with threads.using(2, little=0):
        return [Runs()[item] for item in range(len(Runs()))]

before = work()
for _ in range(2):  # new workers each time
    loader = torch.utils.data.DataLoader(Runs(), batch_size=None, num_workers=2, multiprocessing_context="fork", timeout=60)
    found = [tuple(map(np.asarray, item)) for item in loader]
    assert len(found) == len(before)
    for item, right in zip(found, before):
        assert all(map(np.array_equal, item, right))
assert all(map(np.array_equal, work()[3], before[3]))  # the parent goes on
print("answered")
"""


def test_forked_workers_answer_where_openmp_ran_before():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", TEXT.format(path=sys.path)], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (0, "answered\n"), done.stderr
