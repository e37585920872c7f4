"""A spec as an object: read, validated, drawn from, run."""

from refrnn.spec.spec import Spec

__all__ = ["Spec"]
