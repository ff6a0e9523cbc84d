"""Finding a request by its ID, for Support (R17): this computer's part at once, then the server's."""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from rollbook.client.values import Story
from rollbook_desktop.bridge.bridge import Bridge, Ticket
from rollbook_desktop.bridge.facade import Facade
from rollbook_desktop.viewmodels.story_words import plain_text, server_words, story_paragraphs


class StoryModel(QObject):
    """Finds a request by its ID, here and at the server."""

    wanted = Signal(str)
    """The person asked for this ID, wherever they were."""
    searching = Signal()
    found = Signal(object)
    """The story's paragraphs; told again when the server has told its part."""
    nothing = Signal(str)
    """Why there is none."""
    ended = Signal()
    """All have been asked."""

    def __init__(self, facade: Facade, bridge: Bridge) -> None:
        super().__init__()
        self._facade, self._bridge = facade, bridge
        self._tickets: tuple[Ticket, ...] = ()
        self._text = ""

    @property
    def text(self) -> str:
        """The story that was found last, to be handed on."""
        return self._text

    def open(self, request_id: str) -> None:
        """Have this ID looked for where stories are shown."""
        self.wanted.emit(request_id)

    def find(self, request_id: str) -> None:
        """Look for the story of a request's, an action's or an entry's ID."""
        for ticket in self._tickets:
            ticket.drop()
        if not request_id.strip():
            self.nothing.emit(self.tr("Enter the ID that the error dialog shows."))
            return
        self.searching.emit()
        support = self._facade.support
        here = self._bridge.query(partial(support.find, request_id), self._take_ours, self._tell)
        both = self._bridge.spawn(support.find_everywhere(request_id), partial(self._take, here), self._tell)
        self._tickets = (here, both)

    def _take_ours(self, story: Story) -> None:
        if story.found and story.server_state != "no_id":
            self._show(replace(story, server_state="asking"))

    def _take(self, ours: Ticket, story: Story) -> None:
        ours.drop()  # it is part of this one
        if story.found:
            self._show(story)
        else:
            here = self.tr("This computer knows nothing of it.")
            self.nothing.emit(f"{here} {server_words(story)}".strip())
        self.ended.emit()

    def _show(self, story: Story) -> None:
        paragraphs = story_paragraphs(story)
        self._text = plain_text((("heading", story.id), *paragraphs))
        self.found.emit(paragraphs)

    def _tell(self, error: Exception) -> None:
        self.nothing.emit(str(error))
        self.ended.emit()
