"""Writes backend/requirements.lock: all of requirements.txt and what it needs, with hashes.

`pip install --require-hashes -r backend/requirements.lock` installs exactly that, or nothing."""

import subprocess
import sys
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[1] / "backend"
HEADER = (
    "# Made from requirements.txt by `make lock`: pip install --require-hashes -r backend/requirements.lock\n"
)


def main() -> None:
    lock = BACKEND / "requirements.lock"
    options = (
        "--universal",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--no-emit-index-url",
        "--quiet",
    )
    command = (sys.executable, "-m", "uv", "pip", "compile", "requirements.txt", *options)
    made = subprocess.run(
        [*command, "--python-version", "3.11"], cwd=BACKEND, capture_output=True, text=True, check=True
    )
    lock.write_text(HEADER + made.stdout, encoding="utf-8")


if __name__ == "__main__":
    main()
