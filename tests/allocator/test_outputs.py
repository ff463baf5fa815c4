"""Standard output is for answers alone."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os
from allocator.outputs import keep_standard_output_for_answers
keep_standard_output_for_answers()
os.write(1, b"what a solver prints past Python\\n")
print("the answer")
"""


def test_what_is_printed_past_python_goes_to_standard_error():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == "the answer\n"
    assert done.stderr == "what a solver prints past Python\n"
