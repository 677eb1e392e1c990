"""A screen on which a filter is typed in the place of the keys: what is shown follows each key at once."""

from msgspec.structs import replace
from textual import events

from trainmon_tui.screens.base import PanelScreen
from trainmon_tui.widgets.prompt import PromptPanel, Typed, after_key, after_text


class FilteringScreen(PanelScreen):
    """Takes the keys while a filter is typed: Enter keeps it, Escape brings the one before back."""

    PROMPT = Typed()
    """The line in which a filter is typed, still empty."""

    prompt: PromptPanel
    """One of the panels."""

    typing = False
    """Whether a filter is being typed."""

    _before = ""

    @property
    def filter(self) -> str:
        """What is filtered by; "": nothing."""
        raise NotImplementedError

    def filter_by(self, text: str) -> None:
        """Shows only what another filter leaves."""
        raise NotImplementedError

    @property
    def settled_filter(self) -> str:
        """The filter; of one that is being typed, the one before."""
        return self._before if self.typing else self.filter

    def redraw(self) -> None:
        """Shows what was shown last once more."""
        if self._sight is not None:
            self.show(self._sight)

    def action_filter(self) -> None:
        """Begins to type a filter; what was there is changed."""
        self.typing, self._before = True, self.filter
        self.prompt.take(replace(self.PROMPT, text=self._before))
        self.place_panels(*self.size)

    def on_key(self, event: events.Key) -> None:
        """Takes the keys while a filter is typed."""
        if not self.typing:
            return
        event.stop()
        event.prevent_default()
        if event.key not in ("enter", "escape"):
            self._type(after_key(self.prompt.typed, event.key, event.character))
            return
        self.typing = False
        if event.key == "escape":
            self.filter_by(self._before)
        self.place_panels(*self.size)
        self.redraw()

    def on_paste(self, event: events.Paste) -> None:
        """Takes what is pasted while a filter is typed."""
        if self.typing:
            event.stop()
            self._type(after_text(self.prompt.typed, event.text))

    def _type(self, typed: Typed) -> None:
        self.prompt.take(typed)
        self.filter_by(typed.text)
