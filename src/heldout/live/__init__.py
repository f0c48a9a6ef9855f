"""The live page: a process of its own reads the event file of a study and shows it in the browser.

The training only appends to its file; nothing here can make it wait.
"""

from heldout.live.server import DEFAULT_PORT as DEFAULT_PORT
from heldout.live.server import Door as Door
from heldout.live.server import open_door as open_door
from heldout.live.server import serve as serve
from heldout.live.start import start_beside as start_beside
