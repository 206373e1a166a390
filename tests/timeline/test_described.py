"""A figure of the reader's own is shown once, with words."""

import asyncio
import base64
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest

mpl.use("agg")

import matplotlib.pyplot as plt

import workshop
from workshop import Timeline, described
from workshop.timeline.views.bundle import picture_with_words

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'
WORDS = 'Two bars: "A" < B & C ends.'


@pytest.fixture
def figure():
    figure, ax = plt.subplots()
    ax.barh([0, 1], [0.4, 0.1])
    yield figure
    plt.close("all")


class Image(HTMLParser):
    """The attributes of the one image in a text."""

    def __init__(self, text):
        super().__init__()
        self.images = []
        self.feed(text)
        (self.attributes,) = self.images

    def handle_starttag(self, tag, attributes):
        assert tag == "img"
        self.images.append(dict(attributes))


def test_picture_with_words_has_the_words_in_every_form():
    data, metadata = picture_with_words(DRAWING, WORDS, "a table")
    assert data["text/plain"] == "a table"
    assert data["image/svg+xml"] == DRAWING
    image = Image(data["text/html"]).attributes
    assert image["alt"] == WORDS
    kind, _, encoded = image["src"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(encoded).decode() == DRAWING
    assert metadata == {"image/svg+xml": {"alt": WORDS}}
    assert set(data) == {"text/plain", "image/svg+xml", "text/html"}


def test_words_cannot_become_markup():
    data, _ = picture_with_words(DRAWING, '"><script>alert(1)</script>', "")
    assert "<script" not in data["text/html"]
    assert Image(data["text/html"]).attributes["alt"] == '"><script>alert(1)</script>'


def test_described_shows_the_figure_with_its_words(figure):
    shown = described(figure, WORDS)
    assert repr(shown) == WORDS
    data, metadata = shown._repr_mimebundle_()
    assert ET.fromstring(data["image/svg+xml"]).tag == "{http://www.w3.org/2000/svg}svg"
    assert data["text/plain"] == WORDS
    assert metadata["image/svg+xml"]["alt"] == WORDS


def test_the_figure_is_not_shown_a_second_time(figure):
    assert plt.get_fignums() == [figure.number]
    described(figure, WORDS)
    assert plt.get_fignums() == []


def test_other_figures_stay_open(figure):
    other = plt.figure()
    described(figure, WORDS)
    assert plt.get_fignums() == [other.number]


def test_the_figure_can_be_changed_and_saved_afterwards(figure, tmp_path):
    shown = described(figure, WORDS)
    before = shown._repr_mimebundle_()[0]["image/svg+xml"]
    assert shown._repr_mimebundle_()[0]["image/svg+xml"] == before, "the same figure gives the same bytes"
    figure.axes[0].set_title("changed")
    assert shown._repr_mimebundle_()[0]["image/svg+xml"] != before
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("alt", ["", "  \n", None, 5])
def test_without_words_it_says_what_it_needs(figure, alt):
    with pytest.raises(ValueError, match="takes the figure and what is to be seen in it, in words"):
        described(figure, alt)
    assert plt.get_fignums() == [figure.number], "the figure is as it was"


def test_what_is_no_figure_is_named(figure):
    for wrong, name in ((figure.axes[0], "Axes"), (plt, "module"), (None, "NoneType")):
        with pytest.raises(TypeError, match=rf"takes a matplotlib figure, such as ax\.figure, not {name}"):
            described(wrong, WORDS)


def test_a_plot_of_a_timeline_can_be_described():
    async def main():
        async with Timeline("one") as timeline:
            await asyncio.create_task(asyncio.sleep(0.01))
        return timeline

    figure, ax = plt.subplots()
    asyncio.run(main()).plot(ax)
    assert described(ax.figure, WORDS).figure is figure


def test_importing_the_workshop_does_not_import_matplotlib():
    code = "import sys, workshop.demos.patients, workshop.demos.chart; print('matplotlib' in sys.modules)"
    folder = Path(workshop.__file__).parent.parent
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, encoding="utf-8", check=True)
    assert run.stdout == "False\n"
