"""Take README's picture from chapter 02, where running code has drawn it: ``python tests/readme_picture.py``."""

import json
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CHAPTER = NOTEBOOKS / "02_gather_versus_as_completed.ipynb"
PICTURE = NOTEBOOKS / "images" / "two_timelines.svg"


def picture_in_chapter() -> str:
    """Return the stored picture of the cell that puts gather and as_completed on one time axis."""
    cells = json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
    (cell,) = (cell for cell in cells if "".join(cell["source"]) == "side_by_side(gathered, as_ready)")
    return "".join(cell["outputs"][0]["data"]["image/svg+xml"])


if __name__ == "__main__":
    PICTURE.write_text(picture_in_chapter(), encoding="utf-8", newline="\n")
    print(f"{PICTURE.name}: written")
