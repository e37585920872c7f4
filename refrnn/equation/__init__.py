"""The equation language: parse, evaluate, differentiate, typeset, mutate."""
