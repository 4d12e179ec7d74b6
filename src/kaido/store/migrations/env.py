"""Run by Alembic: the connection comes from ``kaido.store.migrate``, which also holds the lock."""

from alembic import context

from kaido.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
context.run_migrations()
