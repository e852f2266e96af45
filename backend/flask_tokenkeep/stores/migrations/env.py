"""Run by migrate.py on a connection, and inside a transaction, that it made."""

from alembic import context

from flask_tokenkeep.stores.models import VERSION_TABLE, Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,  # an app may have migrations of its own
    render_as_batch=True,
)
context.run_migrations()
