"""The buttons by which a reader answers a prediction, made of ipywidgets."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets


class Choices(widgets.VBox):
    """A button for each answer, and below them what is said to the one that is pressed.

    Args:
        letters: the answers.
        chosen: the one that was chosen before, or None.
        choose: called with the letter of a button that is pressed, in whichever thread the click arrives.
        card: returns, as HTML, what is to be said now.
        words: what is shown where there are no widgets.

    Attributes:
        buttons: the widget with the buttons.
        said: the widget below them.
    """

    def __init__(
        self,
        letters: Sequence[str],
        chosen: str | None,
        choose: Callable[[str], None],
        card: Callable[[], str],
        words: str,
    ) -> None:
        self._words = words
        self.buttons = widgets.ToggleButtons(
            options=list(letters),
            value=chosen,
            description="Your answer",
            tooltips=[f"Answer {letter}" for letter in letters],
            style={"button_width": "4em"},
        )
        self.said = widgets.HTML(card())

        def pressed(change: dict[str, Any]) -> None:
            choose(change["new"])
            self.said.value = card()

        self.buttons.observe(pressed, "value")
        super().__init__([self.buttons, self.said])
        self.add_class("prediction")

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Return what shows the buttons, and words for where widgets can't be shown."""
        data = super()._repr_mimebundle_(**options)
        if data is not None:
            data["text/plain"] = self._words
        return data
