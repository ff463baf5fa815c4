"""What tests of the command line share."""

from __future__ import annotations

import sys

import pytest

from allocator import cli


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run the command line in this process: exit code, standard output, standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setattr(sys, "argv", ["allocator", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
