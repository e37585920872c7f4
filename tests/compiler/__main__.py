"""All that compiles of the library, held against its equations: python -m tests.compiler."""

import refrnn
from tests.compiler.test_compiled import REFUSED, assert_as_equations

for name in refrnn.ids():
    if name not in REFUSED:
        spec = refrnn.load(name)
        assert_as_equations(spec, {time: 7 for time in spec.time})
        print(f"{name}: as its equations")
