"""What a view says about itself, for the OpenAPI document and the docs page."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from flask_tokenkeep.errors import Problem

View = TypeVar("View", bound=Callable[..., Any])
Proof = Literal["optional", "if_bound"]
Headers = Mapping[str, tuple[Any, str]]


@dataclass(frozen=True, slots=True)
class Description:
    """What `described` was told about a view, and the view's own docstring."""

    summary: str
    answers: Mapping[int, Any]
    body: Any
    problems: tuple[type[Problem], ...]
    tag: str
    proof: Proof | None
    headers: Headers
    text: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands round the views of an app: the problems with which something in front of them answers in
    their place (to any request, to one with a body), and what its own tags are called."""

    problems: tuple[type[Problem], ...] = ()
    body_problems: tuple[type[Problem], ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address, and the view that answers it."""

    method: str
    path: str
    view: Callable[..., Any]

    @property
    def description(self) -> Description | None:
        return getattr(self.view, "description", None)


def described(
    *,
    summary: str,
    answers: Mapping[int, Any],
    body: Any = None,
    problems: tuple[type[Problem], ...] = (),
    tag: str = "auth",
    proof: Proof | None = None,
    headers: Headers | None = None,
) -> Callable[[View], View]:
    """Say what a view takes and gives. Models are pydantic's; None is an answer without a body.

    `problems` are the view's own; those of a body, a token, a proof and of stores that are away follow by
    themselves. A view that lists MissingToken takes a token though it isn't behind `@token_required`.
    `headers`: name → (type, description), on every answer that is no problem."""

    def describe(view: View) -> View:
        text = inspect.getdoc(view) or ""
        view.description = Description(  # type: ignore[attr-defined]
            summary, answers, body, problems, tag, proof, headers or {}, text
        )
        return view

    return describe
