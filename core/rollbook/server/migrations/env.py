"""Alembic's entry: the connection is handed in by :mod:`rollbook.server.migrating`."""

from alembic import context

from rollbook.server.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
