"""The OpenAPI document, read."""

from collections.abc import Iterator
from typing import Any

from flask_tokenkeep.errors import Problem


def all_codes(kind: type[Problem] = Problem) -> set[str]:
    """Of the classes of ours, also of those that stand outside errors.py."""
    below = {code for each in kind.__subclasses__() for code in all_codes(each)}
    return below | {kind.code} if kind.__module__.startswith(("flask_tokenkeep", "bookshelf")) else below


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation
