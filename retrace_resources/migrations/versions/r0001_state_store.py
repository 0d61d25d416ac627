"""The first state store: workspaces, SDK keys, incident ids, decisions, and where each incident's test and fix are."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "organizations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
        sa.UniqueConstraint("slug", name="uq_organizations_slug"),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("organization_id", sa.Text, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("dsn_number", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_projects_organization_id"),
        sa.UniqueConstraint("dsn_number", name="uq_projects_dsn_number"),
        sa.UniqueConstraint("organization_id", "slug", name="uq_projects_organization_id_slug"),
    )
    op.create_table(
        "environments",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("project_id", sa.Text, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_environments"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_environments_project_id"),
        sa.UniqueConstraint("project_id", "slug", name="uq_environments_project_id_slug"),
    )
    op.create_table(
        "sdk_keys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("key_hash", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("last4", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("project_id", sa.Text, nullable=False),
        sa.Column("environment_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("revoked_at", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_sdk_keys"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_sdk_keys_project_id"),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], name="fk_sdk_keys_environment_id"),
        sa.UniqueConstraint("key_hash", name="uq_sdk_keys_key_hash"),
    )
    op.create_table(
        "incident_ids",
        sa.Column("project_id", sa.Text, nullable=False),
        sa.Column("environment_id", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("incident_id", sa.Text, nullable=False),
        sa.Column("assigned_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "environment_id", "fingerprint", name="pk_incident_ids"),
        sa.UniqueConstraint("incident_id", name="uq_incident_ids_incident_id"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("project_id", sa.Text, nullable=False),
        sa.Column("environment_id", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("fingerprint_version", sa.Integer, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_index(
        "ix_decisions_project_id_environment_id_fingerprint",
        "decisions",
        ["project_id", "environment_id", "fingerprint"],
    )
    op.create_table(
        "incident_pipeline",
        sa.Column("project_id", sa.Text, nullable=False),
        sa.Column("environment_id", sa.Text, nullable=False),
        sa.Column("incident_id", sa.Text, nullable=False),
        sa.Column("repro_status", sa.Text, nullable=False),
        sa.Column("repro_spec_id", sa.Text, nullable=False),
        sa.Column("repro_run_id", sa.Text, nullable=False),
        sa.Column("repro_summary", sa.Text, nullable=False),
        sa.Column("fix_status", sa.Text, nullable=False),
        sa.Column("fix_repo", sa.Text, nullable=False),
        sa.Column("fix_branch", sa.Text, nullable=False),
        sa.Column("fix_pr_url", sa.Text, nullable=False),
        sa.Column("fix_prompt_path", sa.Text, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "environment_id", "incident_id", name="pk_incident_pipeline"),
    )
