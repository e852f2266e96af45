"""For an app that has migrations of its own: leave our tables alone, and point to our users.

In the app's `migrations/env.py`: `context.configure(…, include_object=include_object)`."""

from typing import Any

from sqlalchemy import Column, MetaData, Table, Uuid

from flask_tokenkeep.stores.models import VERSION_TABLE, Base

_OURS = frozenset({*Base.metadata.tables, VERSION_TABLE})


def include_object(
    item: Any, name: str | None, type_: str, _reflected: bool, _compare_to: Any
) -> bool:  # Alembic's own signature
    """False for the tables of this extension and for what belongs to them, so that `--autogenerate` neither
    drops nor changes any; true for all that is the app's."""
    table = name if type_ == "table" else getattr(getattr(item, "table", None), "name", None)
    return table not in _OURS


def users_table(metadata: MetaData) -> Table:
    """Our table of users, so far as a foreign key of the app's needs it: `ForeignKey("ta_users.id")`.

    The ids are UUIDs. Put it into the app's own `metadata` before its models are mapped."""
    return Table("ta_users", metadata, Column("id", Uuid, primary_key=True))
