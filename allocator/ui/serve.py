"""The server of the pages, on loopback, with everything that the first page needs already on its way."""

from __future__ import annotations

import os
import threading
from importlib import import_module
from pathlib import Path

from streamlit.web.cli import main as streamlit_command

ENTRY = Path(__file__).resolve().parents[2] / "app.py"
FIRST_PAGE = "allocator.ui.pages.recommendation"


def serve(port: int) -> None:
    """Serve until Ctrl-C; raises ``SystemExit`` with the server's exit code.

    What the first page imports takes longer than the server's own start; both go on at once, so that a reader who
    opens the address finds it loaded.
    """
    os.chdir(ENTRY.parent)  # where .streamlit/config.toml is
    threading.Thread(target=import_module, args=(FIRST_PAGE,), daemon=True).start()
    streamlit_command(["run", str(ENTRY), "--server.port", str(port), "--server.address", "127.0.0.1"])
