"""The package as others get it: built, checked, installed where nothing of this repository is, and used."""

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.private_redis import PrivateRedis

BACKEND = Path(__file__).resolve().parents[2]
FLOW = Path(__file__).with_name("flow.py")
OF_PACKAGE = ("--extra", "postgres", "--no-header", "--no-annotate", "--python-version", "3.11")
# What is no code and what the code can't do without.
BESIDE_THE_CODE = {".lua", ".txt", ".html", ".css", ".typed"}


@pytest.fixture(scope="module")
def built() -> Iterator[Path]:
    """A folder with the wheel and the sdist."""
    with TemporaryDirectory(prefix="dist-") as folder:
        run(sys.executable, "-m", "build", "--installer", "uv", "--outdir", folder, BACKEND)
        yield Path(folder)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needed() -> set[str]:
    """The files of the package that have to come along, as the wheel names them."""
    package = BACKEND / "flask_tokenkeep"
    return {str(path.relative_to(BACKEND)) for path in package.rglob("*") if is_needed(path)}


def is_needed(path: Path) -> bool:
    return path.suffix in BESIDE_THE_CODE | {".py"} and "__pycache__" not in path.parts


def test_the_index_would_take_wheel_and_sdist(built: Path) -> None:
    run(sys.executable, "-m", "twine", "check", "--strict", *built.iterdir())


def test_the_wheel_holds_all_of_the_extension_and_nothing_of_the_example(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if ".dist-info/" not in name} == needed()


def test_the_sdist_holds_all_that_the_wheel_is_made_of(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert needed() | {"pyproject.toml", "README.md", "LICENSE"} <= names


@pytest.mark.parametrize("resolution", ["highest", "lowest-direct"])
def test_installed_into_an_empty_environment_it_works(
    built: Path, redis_server: PrivateRedis, tmp_path: Path, resolution: str
) -> None:
    """With the newest and with the lowest versions that it says it works with."""
    (wheel,) = built.glob("*.whl")
    uv = (sys.executable, "-m", "uv", "--no-config", "--quiet")
    run(*uv, "venv", "--python", sys.executable, tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    chosen = tmp_path / "chosen.txt"
    chosen.write_text(
        run(*uv, "pip", "compile", *OF_PACKAGE, "--resolution", resolution, BACKEND / "pyproject.toml")
    )
    run(*uv, "pip", "install", "--python", python, "--constraint", chosen, f"{wheel}[postgres]")
    assert (
        run(python, "-I", "-W", "error", FLOW, redis_server.url, tmp_path, cwd=tmp_path)
        == "all of it works\n"
    )
