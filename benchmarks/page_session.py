"""A reader without a browser: speaks to the served pages as the browser does, and knows when a redraw is complete.

One connection is one session. Only loopback is spoken to.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

ROOT = Path(__file__).parent.parent
STARTS_WITHIN_S, ANSWERS_WITHIN_S = 60.0, 120.0
MAIN = 0
"""First step of the way to an element: the main part of the page."""
LARGEST_MESSAGE = 64 * 1024 * 1024


@contextlib.contextmanager
def served_pages() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The pages on a free loopback port, with the process that serves them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "allocator.cli", "app", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
            yield port, server
        finally:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(timeout=10)
            if server.poll() is None:
                server.kill()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError("the server ended before it answered")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise TimeoutError(f"the server did not answer within {STARTS_WITHIN_S:g} s")


class PageSession:
    """One reader's session; use it as a context."""

    def __init__(self, port: int, query: str = "") -> None:
        self._open = contextlib.ExitStack()
        self._socket = self._open.enter_context(
            connect(
                f"ws://127.0.0.1:{port}/_stcore/stream",
                subprotocols=["streamlit"],  # type: ignore[list-item]
                max_size=LARGEST_MESSAGE,
                open_timeout=ANSWERS_WITHIN_S,
                ping_interval=None,  # a loaded server answers late, not never
            )
        )
        self._query = query
        self._kept: dict[str, WidgetState] = {}
        self.metrics: dict[str, str] = {}
        self.widgets: dict[str, str] = {}
        """Identity of each widget by its key."""
        self.faults: list[str] = []
        self.first_figures_s = 0.0
        """From a rerun to the first of its figures, the NPV."""
        self.main_drawn_s = 0.0
        """From a rerun to the last of what stands beside the inputs: the side is drawn after it."""

    def __enter__(self) -> PageSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def run(self, *changed: WidgetState) -> float:
        """Send widgets that changed, and wait until the whole page is redrawn; seconds."""
        message = BackMsg()
        message.rerun_script.query_string = self._query
        for state in changed:
            if not state.HasField("trigger_value"):
                self._kept[state.id] = state
        triggers = [state for state in changed if state.HasField("trigger_value")]
        message.rerun_script.widget_states.widgets.extend([*self._kept.values(), *triggers])
        began = time.perf_counter()
        self._socket.send(message.SerializeToString())
        self.first_figures_s = 0.0
        self.metrics.clear()
        while True:
            found = ForwardMsg.FromString(self._socket.recv(timeout=ANSWERS_WITHIN_S))  # type: ignore[arg-type]
            self._take(found, began)
            if found.WhichOneof("type") == "delta" and found.metadata.delta_path[:1] == [MAIN]:
                self.main_drawn_s = time.perf_counter() - began
            # A page that finds the background done while it is drawn begins again.
            if (
                found.WhichOneof("type") == "script_finished"
                and found.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                return time.perf_counter() - began

    def settle(self, seconds: float) -> None:
        """Read meanwhile. The browser's timers are not played: what the background found is drawn with the next run."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                self._take(ForwardMsg.FromString(self._socket.recv(timeout=left)), time.perf_counter())  # type: ignore[arg-type]

    def click(self, key: str) -> float:
        """Press a button."""
        return self.run(WidgetState(id=self._identity(key), trigger_value=True))

    def enter(self, key: str, value: float) -> float:
        """Give a number input another value."""
        return self.run(WidgetState(id=self._identity(key), double_value=value))

    def _identity(self, key: str) -> str:
        if key not in self.widgets:
            raise LookupError(f"{key} is not on the page; faults: {self.faults}; widgets: {sorted(self.widgets)}")
        return self.widgets[key]

    def _take(self, message: ForwardMsg, began: float) -> None:
        if message.WhichOneof("type") != "delta" or message.delta.WhichOneof("type") != "new_element":
            return
        element: Any = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "metric":
            self.metrics[element.metric.label] = element.metric.body.replace("\\", "")
            if element.metric.label == "NPV":
                self.first_figures_s = time.perf_counter() - began
        elif kind == "exception":
            self.faults.append(element.exception.message)
        elif kind in {"button", "number_input", "selectbox"}:
            identity = getattr(element, kind).id
            self.widgets[identity.split("-", 2)[-1]] = identity
