"""A picture with its words, in the form that Jupyter shows. Standard library only."""

import base64
import html
from typing import Any


def picture_with_words(png: bytes, alt: str, words: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Return a picture, its alt text and a text in its place, as Jupyter's data and metadata.

    Args:
        png: the picture, as a PNG file.
        alt: what a sighted reader sees in it.
        words: what is shown where there are no pictures, and what tests compare.
    """
    image = base64.b64encode(png).decode("ascii")
    data = {
        "text/plain": words,
        "image/png": image,
        # JupyterLab shows this one: it does not pass on the alt text of a bare picture.
        "text/html": f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{image}" style="max-width: 100%">',
    }
    return data, {"image/png": {"alt": alt}}
