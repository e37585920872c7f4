"""Small scenes, drawn: an animal of a colour that does something at a place, in the words of the lectures' captions.

The patterns are krippahl's "The black cat is walking on grass" and "The white cat is walking on road", and the captions of eee511: "A bird is
perched on a tree branch", "A cat sitting on a suitcase on the floor", "A dog is running in the grass with a frisbee", "A white teddy bear
sitting in the grass", "A woman standing on a beach holding a surfboard".
"""

from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

SIDE = 16  # pixels
COLOURS = ("black", "white")
ANIMALS = ("cat", "dog", "bird", "teddy bear")
ACTIONS = ("walking", "sitting", "running", "standing")
PLACES = ("on grass", "on road", "on the floor", "on a tree branch", "on a beach")
SCENES = tuple(product(COLOURS, ANIMALS, ACTIONS, PLACES))

INK = {"black": (0.08, 0.08, 0.08), "white": (0.97, 0.97, 0.97)}
SKY, GREY = (0.4, 0.65, 0.95), (0.5, 0.5, 0.5)
GREEN, ROAD, WOOD, DARK, SAND, SEA = (0.2, 0.6, 0.2), (0.45, 0.45, 0.45), (0.6, 0.4, 0.2), (0.4, 0.25, 0.1), (0.85, 0.75, 0.45), (0.1, 0.3, 0.8)
PAINT, ORANGE, RED = (0.9, 0.9, 0.9), (1.0, 0.6, 0.0), (0.9, 0.1, 0.1)
GROUND = {"on grass": GREEN, "on road": ROAD, "on the floor": WOOD, "on a tree branch": SKY, "on a beach": SAND}

FILTERS, REACH, CELLS = 64, 3, 3  # fixed filters, pixels of their side, and cells of the picture's side over which they are averaged
FEATURES = FILTERS * CELLS**2
NOISE = 0.05


def caption(scene):
    """The words of a scene."""
    colour, animal, action, place = scene
    return f"the {colour} {animal} is {action} {place}".split()


def told_by(scene):
    """What each word of the caption tells: the colour, the animal, the action, the place, or nothing."""
    colour, animal, action, place = scene
    return ["", "colour", *["animal"] * len(animal.split()), "", "action", *["place"] * len(place.split())]


def picture(scene, random):
    """A scene (SIDE, SIDE, 3) in red, green and blue: it stands a pixel or two here or there, in light and noise of its own."""
    colour, animal, action, place = scene
    canvas = np.empty((SIDE, SIDE, 3))
    feet, left = 10 + random.integers(-1, 2), 4 + random.integers(-1, 3)
    _draw_place(canvas, place, feet, random)
    _draw_animal(canvas, animal, action, INK[colour], feet, left)
    return canvas * random.uniform(0.85, 1.1) + random.normal(0, NOISE, canvas.shape)


def _draw_place(canvas, place, feet, random):
    canvas[:] = SKY
    canvas[feet:] = GROUND[place]
    if place == "on road":
        canvas[feet + 3, (np.arange(SIDE) + random.integers(4)) % 4 < 2] = PAINT
    elif place == "on the floor":
        canvas[feet:, random.integers(5) :: 5] = DARK
    elif place == "on a tree branch":
        canvas[feet : feet + 2] = DARK
        leaf = random.integers(SIDE - 2)
        canvas[feet - 1 : feet + 3, leaf : leaf + 2] = GREEN
    elif place == "on a beach":
        canvas[feet - 1] = SEA


def _draw_animal(canvas, animal, action, ink, feet, left):
    """A body with its legs, and before it a head with what tells the animal."""

    def box(top, bottom, first, last, colour=ink):
        canvas[max(0, top) : bottom, max(0, first) : last] = colour

    if action == "sitting":
        back, face = feet - 5, left + 3
        box(back, feet, left + 1, left + 4)
        box(feet - 2, feet, left, left + 5)
    else:
        back, face = feet - (6 if action == "standing" else 4), left + 5
        box(back, back + 2, left, left + 6)
    if action == "standing":
        for leg in (left, left + 5):
            box(back + 2, feet, leg, leg + 1)
    elif action == "walking":
        for leg in (left, left + 4):
            box(back + 2, feet - 1, leg + 1, leg + 2)
            box(feet - 1, feet, leg, leg + 1)
            box(feet - 1, feet, leg + 2, leg + 3)
    elif action == "running":
        box(back + 1, back + 2, left - 2, left)
        box(back + 2, back + 3, left - 3, left - 1)
        box(back + 1, back + 2, left + 6, left + 8)
        box(back + 2, back + 3, left + 7, left + 9)
    brow = back - 2
    box(brow, back, face, face + 3)
    if animal == "cat":  # ears, and a tail that stands
        box(brow - 1, brow, face, face + 1)
        box(brow - 1, brow, face + 2, face + 3)
        box(back - 2, back + 1, left - 1, left)
    elif animal == "dog":  # a snout, an ear that hangs, and a tail that lies
        box(brow + 1, brow + 2, face + 3, face + 5)
        box(brow, brow + 3, face, face + 1)
        box(back, back + 1, left - 2, left)
    elif animal == "bird":  # a beak and a wing
        box(brow + 1, brow + 2, face + 3, face + 5, ORANGE)
        box(back, back + 1, left + 1, face, GREY)
    else:  # a teddy bear's large head and its nose
        box(brow - 1, brow + 3, face - 1, face + 4)
        box(brow + 1, brow + 2, face + 1, face + 2, RED)


def features(pictures):
    """What fixed random filters see in each ninth of pictures (batch, SIDE, SIDE, 3): (batch, FEATURES).

    Each filter answers to a pattern of 3 by 3 pixels in three colours, and to no even light; its answers, where positive, are averaged. They
    stand for the layers of the trained network through which the lecture's captions see; nothing in them knows what is drawn.
    """
    filters = np.random.default_rng(0).normal(size=(FILTERS, 3, REACH, REACH))
    filters -= filters.mean(axis=(1, 2, 3), keepdims=True)
    filters /= np.sqrt((filters**2).sum(axis=(1, 2, 3), keepdims=True))
    windows = sliding_window_view(pictures, (REACH, REACH), (1, 2))
    places = windows.shape[1]
    answers = np.maximum(windows.reshape(len(pictures), places, places, -1) @ filters.reshape(FILTERS, -1).T, 0)
    starts = np.arange(CELLS) * places // CELLS
    sums = np.add.reduceat(np.add.reduceat(answers, starts, 1), starts, 2)
    return (sums * (CELLS / places) ** 2).reshape(len(pictures), -1)
