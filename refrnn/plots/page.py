"""A picture as a whole: one look for all, and below each what was measured and which slides draw it."""

import textwrap

import refrnn

# Told apart without colour, by stroke and marker; the colours are those that most eyes tell apart.
STROKES = (
    {"color": "black", "linestyle": "-", "marker": "o"},
    {"color": "#0072B2", "linestyle": "--", "marker": "s"},
    {"color": "#D55E00", "linestyle": ":", "marker": "^"},
    {"color": "#009E73", "linestyle": "-.", "marker": "D"},
)
LOOK = {
    "font.size": 8, "axes.titlesize": 8.5, "axes.labelsize": 8, "xtick.labelsize": 7.5, "ytick.labelsize": 7.5, "legend.fontsize": 8,
    "lines.linewidth": 1.2, "lines.markersize": 3.5, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.color": "0.9", "grid.linewidth": 0.6, "axes.axisbelow": True, "legend.frameon": False, "image.cmap": "gray",
    "image.interpolation": "nearest", "savefig.dpi": 200,
}  # fmt: skip
LETTERS = 17.5  # of the caption, to an inch
TITLE_SIZE = 10


def stroke(place, points, each=5):
    """The look of the line at ``place`` among ``points``, with a marker on every fifth or so, so that lines on one another show all."""
    return {**STROKES[place % len(STROKES)], "markevery": (place % each, max(1, min(each, points // 4)))}


def look():
    """Within it pictures are drawn and written: none of a person's settings is taken, and they stay as they were."""
    import matplotlib.style

    return matplotlib.style.context(["default", LOOK])


def figure(picture, data):
    """The picture of a module; to be written within :func:`look`, too, for much of it is made only then."""
    from matplotlib.figure import Figure

    with look():
        whole = Figure(figsize=picture.SIZE, layout="constrained")
        picture.draw(whole, data)
        wide = int(LETTERS * picture.SIZE[0])
        title = textwrap.fill(picture.TITLE, int(0.65 * wide)) + "\n" * bool(whole.legends)  # a line that the key stands on
        whole.suptitle(title, x=0.01, ha="left", fontsize=TITLE_SIZE, fontweight="bold")
        for legend in whole.legends:
            above = TITLE_SIZE * 1.25 * title.count("\n") + 1  # points
            legend.set_bbox_to_anchor((0, 1 - above / (72 * picture.SIZE[1])))
        whole.supxlabel(textwrap.fill(caption(picture, data), wide), x=0.01, ha="left", fontsize=7.5)
        return whole


def key(figure, handles):
    """What the lines of all panels mean, on a line of its own below the title."""
    figure.legend(handles=handles, loc="upper left", ncols=len(handles), handlelength=3)


def caption(picture, data):
    """What was measured, and the slides."""
    return f"{picture.SAYS.format(**data)} {slides(picture.CITES)}"


def slides(names):
    """Every slide that these specs are from, by lecture."""
    found = {}
    for quote in (quote for name in names for quote in refrnn.load(name).lectures):
        places = found.setdefault(quote.lecture, [])
        if quote.where not in places:
            places.append(quote.where)
    return "Slides: " + "; ".join(f"{lecture}, " + ", ".join(f"“{place.removeprefix('– ')}”" for place in places) for lecture, places in found.items()) + "."
