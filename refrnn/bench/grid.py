"""The grid of ``--grid``: seven sizes, from a small stream to layers that fill the machine, of three recurrences."""

IDS = ("lstm", "gru-reset-after", "unfolding")
# Steps, sequences, inputs, hidden units.
SIZES = (
    (100, 1, 32, 32), (100, 1, 128, 128), (100, 16, 64, 128), (100, 32, 128, 256), (50, 64, 256, 512), (35, 20, 650, 650),
    (20, 64, 1024, 1024),
)  # fmt: skip
