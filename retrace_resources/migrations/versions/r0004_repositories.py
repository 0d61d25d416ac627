"""Repositories that fixes go to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "repositories",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("remote", sa.Text, nullable=False),
        sa.Column("token_env", sa.Text, nullable=False),
        sa.Column("connected_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_repositories"),
    )
