"""Compiles each Lua script with Lua 5.1, which Redis runs, as `luac -p` does: `lint_lua.py FOLDER`.

What compiles and still reads an unknown global fails in the tests, where a real Redis runs each script."""

import sys
from pathlib import Path

from lupa.lua51 import LuaRuntime, LuaSyntaxError


def main(folder: Path) -> None:
    lua, scripts = LuaRuntime(), sorted(folder.rglob("*.lua"))
    failed = [problem for script in scripts if (problem := _problem(lua, script))]
    print(*failed, f"{len(scripts)} Lua scripts read, {len(failed)} refused", sep="\n")
    sys.exit(1 if failed or not scripts else 0)


def _problem(lua: LuaRuntime, script: Path) -> str | None:
    try:
        lua.compile(script.read_text(encoding="utf-8"))
    except LuaSyntaxError as error:
        return f"{script}: {error}"
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
