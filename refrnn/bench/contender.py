"""A contender as the race sees it: it is asked, and answers or is out; its process is somebody else's to start."""


class Out(Exception):
    """Why a contender takes no further part in a cell, as a sentence."""


class Contender:
    """``name`` and ``kind`` ("kernel", "peer" or "reference"); ``start()`` gives a process that takes questions through a pipe.

    ``answers(spec)`` says whether it has that spec, ``ways`` which passes. One that does not answer within ``patience`` seconds is ended. What died or was ended starts afresh when it is asked
    again.
    """

    def __init__(self, name, kind, start, patience, answers, ways):
        self.name, self.kind, self.answers, self.ways = name, kind, answers, ways
        self._start, self._patience, self._worker = start, patience, None

    def ask(self, *question):
        """The answer, or :class:`Out`."""
        if self._worker is None:
            self._worker = self._start()
            self._answer(("hello",))  # small enough for a pipe whose other end reads nothing
        return self._answer(question)

    def _answer(self, question):
        worker = self._worker
        try:
            worker.give((None, question))
            if not worker.pipe.poll(self._patience):
                self.end()
                raise Out(f"gave no answer within {self._patience:g} seconds and was ended")
            _, answer, sentence = worker.pipe.recv()
        except (EOFError, OSError):
            self._worker = None
            raise Out(worker.how_it_ended()) from None
        if sentence is not None:
            raise Out(sentence)
        return answer

    def end(self):
        """End its process, whatever it does."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None
