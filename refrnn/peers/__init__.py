"""Other frameworks as backends: ``<group>/<id>.py`` answers a spec as a kernel does, and is imported only when asked for.

Besides ``forward`` and ``backward``, a peer offers ``whole``: the pass as the framework's own users run it, made ready
beforehand and timed by the bench, and ``NAME``, what the bench calls it.
"""
