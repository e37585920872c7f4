"""A picture as a whole: its words come from the specs, and it is the same bytes each time."""

import pytest

import refrnn
from refrnn import plots
from refrnn.commands.pictures import rendered
from refrnn.plots import page

EVERY = plots.drawn()
SMALL = {  # what takes long is drawn of less
    "gradient-through-depth": {"WIDTH": 24, "LAYERS": 4}, "lstm": {"STEPS": 20}, "clip-norm": {"UPDATES": 60},
}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_a_picture_is_found_by_the_path_of_its_spec_and_names_its_slides(name):
    picture = plots.module(name)
    assert picture.__name__ == f"refrnn.plots.{refrnn.load(name).group}.{name.replace('-', '_')}"
    assert picture.CITES[0] == name
    text = page.slides(picture.CITES)
    for quote in (quote for cited in picture.CITES for quote in refrnn.load(cited).lectures):
        assert text.count(f"“{quote.where.removeprefix('– ')}”") == 1 and quote.lecture in text


def test_an_unknown_picture_is_refused_with_those_there_are():
    with pytest.raises(refrnn.NotFoundError, match="there is no picture of gru-minimal; there are those of .*scalar-recursion"):
        plots.module("gru-minimal")


def test_lines_are_told_apart_without_colour():
    looks = [page.stroke(place, 30) for place in range(4)]
    for key in ("linestyle", "marker", "markevery"):
        assert len({look[key] for look in looks}) == 4


@pytest.fixture
def matplotlib():
    return pytest.importorskip("matplotlib", reason="matplotlib is an optional extra")


def drawn(name, ending="png"):
    picture = plots.module(name)
    with page.look():
        return rendered(page.figure(picture, plots.measured(picture)), f"a.{ending}")


@pytest.mark.parametrize("ending, begin", [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_same_picture_is_the_same_bytes_and_settings_stay(matplotlib, ending, begin):
    before = dict(matplotlib.rcParams)
    first, second = drawn("scalar-recursion", ending), drawn("scalar-recursion", ending)
    assert first.startswith(begin) and first == second and dict(matplotlib.rcParams) == before


def test_the_picture_takes_nothing_of_a_person_s_own_settings(matplotlib):
    plain = drawn("scalar-recursion")
    with matplotlib.rc_context({"figure.facecolor": "black", "font.size": 30, "xtick.labelsize": 30}):
        assert drawn("scalar-recursion") == plain


@pytest.mark.parametrize("name", EVERY)
def test_words_and_axes_are_drawn_and_nothing_lies_on_another(matplotlib, monkeypatch, name):
    """For all panels, the key and the texts around them."""
    picture = plots.module(name)
    for constant, number in SMALL.get(name, {}).items():
        monkeypatch.setattr(picture, constant, number)
    with page.look():
        whole = page.figure(picture, plots.measured(picture))
        whole.draw_without_rendering()
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

    panels = [axes.get_tightbbox() for axes in whole.axes]
    texts = [whole._suptitle, whole._supxlabel]
    boxes = [*panels, *(part.get_window_extent() for part in (*texts, *whole.legends))]
    inside = [Bbox.from_extents(box.x0 + 1, box.y0 + 1, box.x1 - 1, box.y1 - 1) for box in boxes]
    meeting = [(first, second) for second, box in enumerate(inside) for first in range(second) if box.overlaps(inside[first])]
    assert meeting == [(len(panels), len(panels) + 2)] * len(whole.legends)  # a key stands on the last line of the title, which is empty
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= whole.bbox.width and box.y1 <= whole.bbox.height for box in inside)
    said, _, cited = whole._supxlabel.get_text().replace("\n", " ").partition(" Slides: ")
    assert said.startswith("Measured") and cited and "{" not in said
    assert all(legend.get_window_extent().y1 <= whole._suptitle.get_window_extent().y1 - 10 for legend in whole.legends)
    sizes = [text.get_fontsize() for text in whole.findobj(Text) if text.get_text()]
    assert min(sizes) >= 7
