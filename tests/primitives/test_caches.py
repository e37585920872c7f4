"""A line of the cache is as long as the system says, and of a usual length where it says nothing of use."""

import pytest

from refrnn.kernels.primitives import caches


def says(answer):
    def sysconf(name):
        if isinstance(answer, type):
            raise answer(name)
        return answer

    return sysconf


@pytest.mark.parametrize("answer, bytes", ((128, 128), (32, 32), (0, 64), (-1, 64), (96, 64), (ValueError, 64), (OSError, 64)))
def test_a_line_is_what_the_system_says(answer, bytes, monkeypatch):
    monkeypatch.setattr(caches.os, "sysconf", says(answer))
    assert caches.line_bytes.__wrapped__() == bytes


def test_a_system_without_such_a_function(monkeypatch):
    monkeypatch.delattr(caches.os, "sysconf")
    assert caches.line_bytes.__wrapped__() == 64
