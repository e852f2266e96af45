"""An app's own migrations beside ours."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Uuid, create_engine

from flask_tokenkeep import migrate
from flask_tokenkeep.alembic import include_object, users_table
from flask_tokenkeep.stores.database import Database


def differences(url: str, metadata: MetaData, **options: object) -> list[Any]:
    """What `alembic revision --autogenerate` would write."""
    database = Database(url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata, **options})
        found = compare_metadata(context, metadata)
    database.engine.dispose()
    return list(found)


def test_autogenerate_leaves_our_tables_and_indices_alone(empty_database_url: str) -> None:
    migrate(empty_database_url)
    assert differences(empty_database_url, MetaData()) != []  # it would drop them all
    assert differences(empty_database_url, MetaData(), include_object=include_object) == []


def test_autogenerate_sees_the_apps_own_tables_with_a_key_to_our_users(empty_database_url: str) -> None:
    migrate(empty_database_url)
    metadata = MetaData()
    users_table(metadata)
    profiles = Table(
        "profiles",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("user_id", Uuid, ForeignKey("ta_users.id", ondelete="CASCADE"), nullable=False),
    )
    ((operation, table),) = differences(empty_database_url, metadata, include_object=include_object)
    assert (operation, table.name) == ("add_table", "profiles")
    database = Database(empty_database_url)
    profiles.create(database.engine)
    assert differences(empty_database_url, metadata, include_object=include_object) == []
    database.engine.dispose()


def test_an_engine_of_the_apps_own_is_migrated_and_left_open(tmp_path: object) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/own.db")
    migrate(engine)
    with engine.connect() as connection:
        assert connection.dialect.has_table(connection, "ta_users")
    engine.dispose()
