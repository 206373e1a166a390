"""Gives a matplotlib figure of the reader's own the words that a picture needs."""

from io import StringIO
from typing import TYPE_CHECKING, Any

from .bundle import picture_with_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Described:
    """A figure with alt text; made by `described`.

    Args:
        figure: the figure.
        alt: what a sighted reader sees in it.
    """

    def __init__(self, figure: "Figure", alt: str) -> None:
        self.figure = figure
        self.alt = alt

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        from matplotlib import style

        file = StringIO()
        with style.context({"svg.hashsalt": "", "svg.fonttype": "path"}):
            self.figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
        return picture_with_words(file.getvalue(), self.alt, self.alt)


def described(figure: "Figure", alt: str) -> Described:
    """Show a figure with a description for those who don't see it.

    Args:
        figure: what ``plt.subplots()`` or ``plt.figure()`` returned.
        alt: what a sighted reader sees in it, in a sentence or two.

    Returns:
        An object that shows the figure once, as the last line of a cell. The figure can be saved and changed as before.

    Raises:
        TypeError: if `figure` is not a figure.
        ValueError: if there is no description.
    """
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    if not isinstance(figure, Figure):
        raise TypeError(f"described takes a matplotlib figure, such as ax.figure, not {type(figure).__name__}")
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("described takes the figure and what is to be seen in it, in words")
    plt.close(figure)  # or the notebook shows it a second time, without the words
    return Described(figure, alt)
