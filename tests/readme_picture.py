"""Take README's picture from chapter 02, where running code has drawn it: ``python tests/readme_picture.py``."""

import base64
import json
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CHAPTER = NOTEBOOKS / "02_gather_versus_as_completed.ipynb"
PICTURE = NOTEBOOKS / "images" / "two_timelines.png"


def picture_in_chapter() -> bytes:
    """Return the stored picture of the cell that puts gather and as_completed on one time axis."""
    cells = json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
    (cell,) = (cell for cell in cells if "".join(cell["source"]) == "side_by_side(gathered, as_ready)")
    return base64.b64decode(cell["outputs"][0]["data"]["image/png"])


if __name__ == "__main__":
    PICTURE.write_bytes(picture_in_chapter())
    print(f"{PICTURE.name}: written")
