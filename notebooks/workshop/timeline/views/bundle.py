"""A picture with its words, in the form that Jupyter shows. Standard library only."""

import base64
import html
from typing import Any


def as_html(svg: str, alt: str) -> str:
    """Return HTML that shows an SVG document as an image: so it is shown in notebooks that are not trusted, too.

    Args:
        svg: the document.
        alt: what a sighted reader sees in it.
    """
    data = base64.b64encode(svg.encode()).decode("ascii")
    return f'<img alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{data}" style="max-width: 100%">'


def picture_with_words(svg: str, alt: str, words: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Return a picture, its alt text and a text in its place, as Jupyter's data and metadata.

    Args:
        svg: the picture, as an SVG document.
        alt: what a sighted reader sees in it.
        words: what is shown where there are no pictures, and what tests compare.
    """
    # JupyterLab shows the HTML: it does not pass on the alt text of a bare picture.
    data = {"text/plain": words, "text/html": as_html(svg, alt), "image/svg+xml": svg}
    return data, {"image/svg+xml": {"alt": alt}}
