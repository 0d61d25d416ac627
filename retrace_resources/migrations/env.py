"""What Alembic runs to apply revisions: on the connection and in the transaction `migrate` handed in."""

from alembic import context

from retrace_resources.state_schema import METADATA

# The metadata's naming convention names the constraints of later revisions. No transaction is begun here: SQLite rolls
# DDL back like anything else, so a killed upgrade leaves the old shape, never half a new one.
context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
