"""`python3 backend/main.py` starts everything; `--reload` starts workers anew when the code changes."""

import importlib.metadata
import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def _installed() -> bool:
    """Whether this Python has what requirements.txt names, in whatever version."""
    for name in re.findall(r"^[\w-]+", (HERE / "requirements.txt").read_text(), re.MULTILINE):
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            return False
    return sys.version_info >= (3, 11)  # an older system Python gets here before the next one


def _change_python() -> None:
    """Go on in backend/.venv, which `make start` made, if this Python lacks the libraries."""
    venv = HERE / ".venv"
    python = venv / "bin" / "python"
    if not python.exists() or Path(sys.prefix).resolve() == venv:
        sys.exit("The libraries are missing. `make start` installs them, and so does, in an environment of\n"
                 "your own with Python 3.11 or newer: pip install -r backend/requirements.txt")  # fmt: skip
    os.execv(python, [str(python), str(HERE / "main.py"), *sys.argv[1:]])  # noqa: S606


def main() -> None:
    if not _installed():
        _change_python()
    sys.path.insert(0, str(HERE))
    from bookshelf.server import run
    from bookshelf.settings import Settings

    run(Settings.load(), reload="--reload" in sys.argv[1:])


if __name__ == "__main__":
    main()
