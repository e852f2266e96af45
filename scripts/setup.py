"""Set-up, step by step, on any Python 3: `setup.py backend backend-dev frontend build browser`.

A step is done again only when the content of what it depends on has changed; the digest of that content
is kept beside what the step has made."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BACKEND, FRONTEND = ROOT / "backend", ROOT / "frontend"
VENV, MODULES, DIST = BACKEND / ".venv", FRONTEND / "node_modules", FRONTEND / "dist"
PYTHON = VENV / "bin" / "python"
BUILT_FROM = (
    "src",
    "tokenkeep/src",
    "tokenkeep/*.json",
    "public",
    "index.html",
    "package*.json",
    "*.config.*",
    "tsconfig*.json",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def say(text):
    print("== " + text, flush=True)


def run(*command, cwd=ROOT):
    code = subprocess.run([str(part) for part in command], cwd=str(cwd), check=False).returncode
    if code:
        sys.exit("This step failed (exit code {}): {}".format(code, " ".join(map(str, command))))


def works(*command):
    return subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL).returncode == 0


def digest(files, *words):
    total = hashlib.sha256(" ".join(words).encode())
    for path in sorted(files):
        total.update(b"%s\0%s\0" % (str(path.relative_to(ROOT)).encode(), path.read_bytes()))
    return total.hexdigest()


def once(stamp, wanted, text, *actions):
    """Run the actions unless the stamp says that they ran for the same content."""
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(text)
    for action in actions:
        action()
    stamp.write_text(wanted)


def make_venv():
    version = "{}.{}".format(*sys.version_info)
    if PYTHON.exists() and works(PYTHON, "-m", "pip", "--version"):
        return
    say("Making backend/.venv with Python " + version)
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)]).returncode:
        shutil.rmtree(str(VENV), ignore_errors=True)
        sys.exit("Python can't make environments here. On Debian and Ubuntu: apt install python3-venv")


def install(requirements, stamp, files):
    make_venv()
    once(
        VENV / stamp,
        digest(files, sys.version),
        "Installing the Python libraries of backend/" + requirements.name,
        lambda: run(PYTHON, "-m", "pip", "install", "-r", requirements),
    )


def backend():
    requirements = BACKEND / "requirements.txt"
    install(requirements, ".installed", [requirements])


def backend_dev():
    files = [BACKEND / "requirements.txt", BACKEND / "requirements-dev.txt"]
    install(files[1], ".installed-dev", files)


def frontend():
    check_node()
    names = ("package.json", "package-lock.json", "tokenkeep/package.json")
    files = [FRONTEND / name for name in names]
    once(
        MODULES / ".installed",
        digest(files),
        "Installing the libraries of frontend/package-lock.json",
        # Not `npm ci`: it refuses a lock file that was made where some platforms' optional packages can't be
        # had. This takes the versions of the lock file too, and leaves the file alone.
        lambda: run("npm", "install", "--no-save", "--no-audit", "--no-fund", cwd=FRONTEND),
    )


def check_node():
    if not shutil.which("npm"):
        sys.exit("Node 20.19 or newer is needed, with npm: https://nodejs.org")
    said = subprocess.run(["node", "--version"], stdout=subprocess.PIPE).stdout.decode()
    if tuple(map(int, said.strip().lstrip("v").split(".")[:2])) < (20, 19):
        sys.exit("Node 20.19 or newer is needed, this is " + said.strip())


def build():
    frontend()
    found = [path for pattern in BUILT_FROM for path in FRONTEND.glob(pattern)]
    files = [file for path in found for file in (path, *path.rglob("*")) if file.is_file()]
    once(
        DIST / ".built",
        digest(files),
        "Building the front end",
        lambda: run("npm", "run", "build", cwd=FRONTEND),
    )


def browser():
    """Some Chromium for the browser tests: the one that is there, else Playwright's, else Debian's."""
    if os.environ.get("CHROMIUM") or any(map(shutil.which, BROWSERS)):
        return
    say("Installing Chromium for the browser tests")
    if subprocess.run([str(PYTHON), "-m", "playwright", "install", "chromium"]).returncode == 0:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        run("apt-get", "update", "-q")
        run("apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium")
        return
    sys.exit("There is no Chromium for the browser tests. Install one, or name it: CHROMIUM=/path make test")


STEPS = {
    "backend": backend,
    "backend-dev": backend_dev,
    "frontend": frontend,
    "build": build,
    "browser": browser,
}

if __name__ == "__main__":
    if sys.version_info < (3, 11):
        found = "{}.{}".format(*sys.version_info)
        sys.exit(
            "Python 3.11 or newer is needed, this is " + found + ". Another: make PYTHON=python3.12 start"
        )
    for name in sys.argv[1:]:
        STEPS[name]()
