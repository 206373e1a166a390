"""Of a cell that draws what was measured, the picture is masked and stored anew only when the words change."""

import copy
import json

from test_running_notebooks import needs_refresh_python, needs_test_clock

import refresh
from support.measured import MASK, without_pictures
from support.notebook_samples import PICTURE, code, write

ALT, TEXT = "Two lines; one is steeper.", "one: slope 1 (here: 1.04)\ntwo: slope 2"


def html(picture, alt=ALT):
    return f'<img alt="{alt}" src="data:image/png;base64,{picture}" style="max-width: 100%">'


def shown(picture=PICTURE, text=TEXT, alt=ALT, **data):
    data = {"image/png": picture, "text/plain": text, "text/html": html(picture, alt), **data}
    return {
        "output_type": "display_data",
        "data": {kind: value for kind, value in data.items() if value is not None},
        "metadata": {"image/png": {"alt": alt}},
    }


OTHER = PICTURE.replace("Nk", "Nl")
SOURCE = f"display({shown()['data']!r}, raw=True, metadata={shown()['metadata']!r})"
REAL = {"workshop": {"clock": "real"}}


def test_pictures_are_masked_and_nothing_else():
    before = [shown(), {"output_type": "stream", "name": "stdout", "text": "1\n"}]
    kept = copy.deepcopy(before)
    masked = without_pictures(before)
    assert masked == [
        shown() | {"data": {"image/png": MASK, "text/plain": TEXT, "text/html": html(MASK)}},
        before[1],
    ]
    assert before == kept
    assert without_pictures([shown(OTHER)]) == masked[:1]


@needs_refresh_python
@needs_test_clock
def test_a_measured_picture_is_stored_anew_only_when_the_words_change(tmp_path):
    path = write(tmp_path / "real.ipynb", code(SOURCE, shown(OTHER), tags=["measured"]), **REAL)
    assert refresh.main([str(path)]) == 0
    assert OTHER in path.read_text(encoding="utf-8")
    write(path, code(SOURCE, shown(OTHER, text="one: slope 0"), tags=["measured"]), **REAL)
    assert refresh.main([str(path)]) == 0
    stored = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["outputs"][0]["data"]
    assert stored["image/png"].strip() == PICTURE
