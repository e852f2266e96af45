"""The files that say what is installed agree with each other."""

import re
import tomllib

from tests.package.test_wheel import BACKEND

PIN = re.compile(r"^([\w-]+)(?:\[[\w,]+\])?==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return {found[1].lower(): found[2] for found in PIN.finditer((BACKEND / name).read_text())}


def test_the_locked_versions_are_those_of_the_readable_file() -> None:
    """If not: make lock."""
    assert pins("requirements.txt").items() <= pins("requirements.lock").items()


def test_every_locked_library_has_a_hash() -> None:
    entries = re.split(
        r"^(?=[\w-]+(?:\[[\w,]+\])?==)", (BACKEND / "requirements.lock").read_text(), flags=re.MULTILINE
    )
    assert len(entries) > 20
    assert all("--hash=sha256:" in entry for entry in entries[1:])


def test_what_the_package_needs_the_app_pins() -> None:
    project = tomllib.loads((BACKEND / "pyproject.toml").read_text())["project"]
    wanted = {re.match(r"[\w-]+", each)[0] for each in project["dependencies"]}  # type: ignore[index]
    assert wanted <= pins("requirements.txt").keys()
