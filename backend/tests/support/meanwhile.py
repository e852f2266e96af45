"""What happens while a request is under way, without its knowledge."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update

from flask_tokenkeep.stores.models import User
from tests.support.inside import database_of, limits_of


def change_row(app: Flask, table: Any, **values: Any) -> None:
    with database_of(app).write() as sql:
        sql.execute(update(table).values(**values))


def delete_everybody(app: Flask) -> None:
    with database_of(app).write() as sql:
        sql.execute(delete(User))


def meanwhile(monkeypatch: pytest.MonkeyPatch, app: Flask, happen: Callable[[], object]) -> None:
    """Let it happen whenever a password was checked, and before anything follows from that."""
    limits = limits_of(app)
    settle = limits.settle

    def happen_first(*args: Any, **more: Any) -> Any:
        happen()
        return settle(*args, **more)

    monkeypatch.setattr(limits, "settle", happen_first)
