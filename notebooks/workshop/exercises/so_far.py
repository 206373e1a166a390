"""What a reader has done so far, and what is next: `progress`."""

from itertools import groupby

from . import kept
from .places import Place, places
from .say import Link, tell


def progress(*, forget: bool = False) -> None:
    """Show which predictions and exercises you have done, with a link to the next one, or to the next chapter.

    A prediction is done when your guess has been compared with a run, an exercise when an answer of yours has passed
    its check.

    Args:
        forget: whether to delete what is kept instead, on this computer and in this kernel.
    """
    if forget:
        _forget()
        return
    here, states = list(places().values()), kept.states()
    done = [place for place in here if _is_done(place, states)]
    lines, not_begun = [], []
    for chapter, places_there in groupby(here, lambda place: place.chapter):
        of_chapter = list(places_there)
        if any(place.what in states for place in of_chapter):
            lines.append(f"{chapter} {of_chapter[0].title}: {_counts(of_chapter, states)}")
        else:
            not_begun.append(chapter)
    if done:
        title = f"Your progress: {len(done)} of {len(here)} done"
        lines += [f"Not begun: {', '.join(not_begun)}"] if not_begun else []
    else:
        title = "Your progress: nothing done yet"
        lines.append("Guess and try, and it will be told here.")
    lines.append(f"`progress(forget=True)` deletes what is kept (here: {kept.where()}).")
    link = None
    if following := _next(here, done):
        link = following.link(f"Go on: {following.what}, in {following.title}")
        if following.chapter in not_begun:  # then what stands above it is to be run first
            link = Link(f"Go on: {following.title}", following.file)
    tell("neutral", title, lines, [f"{title}.", *lines], link=link)


def _forget() -> None:
    """Delete what is kept, and say so."""
    try:
        found = kept.forget()
    except OSError as error:
        text = f"It could not be deleted: {error}."
    else:
        text = (
            "What was kept of what you have done is deleted." if found else "Nothing was kept, so nothing is deleted."
        )
    tell("neutral", "Your progress", [text], [text])


def _is_done(place: Place, states: dict[str, str]) -> bool:
    state = states.get(place.what)
    return state in (kept.RIGHT, kept.WRONG_FIRST) or (state == kept.WRONG and place.what.startswith("prediction"))


def _counts(of_chapter: list[Place], states: dict[str, str]) -> str:
    """Return how many of a chapter's predictions are done, and of its exercises, and which were wrong first."""
    told = []
    for kind in ("prediction", "exercise"):
        of_kind = [place for place in of_chapter if place.what.startswith(kind)]
        if not of_kind:
            continue
        done = [place for place in of_kind if _is_done(place, states)]
        wrong = [place.what.partition(" ")[2] for place in done if states[place.what] != kept.RIGHT]
        counted = f"{len(done)} of {len(of_kind)} {kind}{'s' * (len(of_kind) != 1)}"
        told.append(f"{counted} ({', '.join(wrong)} wrong first)" if wrong else counted)
    return ", ".join(told)


def _next(here: list[Place], done: list[Place]) -> Place | None:
    """Return the first open one behind the last that is done; where none is open there, the first of all."""
    reached = max(map(here.index, done), default=-1)
    return next((place for place in here[reached + 1 :] + here[: reached + 1] if place not in done), None)
