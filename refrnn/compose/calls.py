"""Networks written as text: the calls that make them, as people would write them in Python."""

import ast
import inspect

import refrnn.compose as of
from refrnn.errors import NotFoundError, quoted

# What verify holds against its equations beside the library's specs: each way of joining cells stands in one of them.
NETWORKS = (
    'encoder_decoder(bidirectional("leaky-units"), stack(["leaky-units", feed_forward("softmax")]))',
    'autoencoder("leaky-units")',
    'conditioned("leaky-units")',
)
LONGEST = 1000  # characters


def network_of(text):
    """The network that ``text`` calls, such as stack(["lstm", bidirectional("elman")]). Raises NotFoundError where it is no such call."""
    if len(text) > LONGEST:
        raise NotFoundError(f"a network is called in at most {LONGEST} characters, not {len(text)}; make it in Python, of parts with names")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if not isinstance(tree, ast.Call):
        raise NotFoundError(f"{quoted(text)} is no call of a network; write it as {NETWORKS[1]}")
    return _made(tree)


def _made(node):
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.List(elts=parts):
            return [_made(part) for part in parts]
        case ast.Call(func=ast.Name(id=name), args=given, keywords=named) if name in of.__all__:
            function, parts = getattr(of, name), [_made(part) for part in given]
            words = {word.arg: _made(word.value) for word in named}
            try:
                inspect.signature(function).bind(*parts, **words)
            except TypeError as error:
                raise NotFoundError(f"{name} does not take what it is given ({error}); it is {name}{inspect.signature(function)}") from None
            return function(*parts, **words)
        case ast.Call(func=ast.Name(id=name)):
            raise NotFoundError(f"there is no {quoted(name)} that makes a network; choose from {', '.join(of.__all__)}")
    raise NotFoundError(f"{quoted(ast.unparse(node))} is no part of a network; it has ids in quotes, lists of parts, and calls of {', '.join(of.__all__)}")
