"""The tables of the state store as SQLAlchemy knows them.

Belongs here: what people set and decide, and what must be the same for ever once given (ids). Does not: queries
(`state_*.py`), how a home gets from one shape to the next (`migrations/`, which a test holds equal to this), or
anything that can be computed again (the lake).
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, naive UTC in the database, which has no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Move to UTC; a naive datetime is refused, since nobody can say when it was."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ORGANIZATIONS = Table(
    "organizations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

PROJECTS = Table(
    "projects",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("organization_id", ForeignKey("organizations.id"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    # The project's number in a DSN, where Sentry SDKs accept digits only.
    Column("dsn_number", BigInteger, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("organization_id", "slug"),
)

ENVIRONMENTS = Table(
    "environments",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("project_id", "slug"),
)

# The secret itself is shown once and never kept: only its SHA-256, and enough of its ends to recognise it.
SDK_KEYS = Table(
    "sdk_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("prefix", Text, nullable=False),
    Column("last4", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("environment_id", ForeignKey("environments.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

# A token reads and decides for its whole project; which environment is meant is said with each request.
SERVICE_TOKENS = Table(
    "service_tokens",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("prefix", Text, nullable=False),
    Column("last4", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
)

# The tables below name projects and environments without a foreign key: the lake may know more of them than this home.
INCIDENT_IDS = Table(
    "incident_ids",
    METADATA,
    Column("project_id", Text, primary_key=True),
    Column("environment_id", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("incident_id", Text, nullable=False, unique=True),
    Column("assigned_at", UtcDateTime, nullable=False),
)

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("project_id", Text, nullable=False),
    Column("environment_id", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("fingerprint_version", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Index(None, "project_id", "environment_id", "fingerprint"),
)

# Append-only like decisions, but about a detector and not a bug; an empty project or environment means every one.
DETECTOR_RULES = Table(
    "detector_rules",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("project_id", Text, nullable=False),
    Column("environment_id", Text, nullable=False),
    Column("detector", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("change", JSON, nullable=False),
)

# The code that fixes go to: a checkout on this machine, and the branch fixes are to be merged into.
REPOSITORIES = Table(
    "repositories",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("base", Text, nullable=False),
    Column("remote", Text, nullable=False),
    Column("token_env", Text, nullable=False),
    Column("connected_at", UtcDateTime, nullable=False),
)

INCIDENT_PIPELINE = Table(
    "incident_pipeline",
    METADATA,
    Column("project_id", Text, primary_key=True),
    Column("environment_id", Text, primary_key=True),
    Column("incident_id", Text, primary_key=True),
    Column("repro_status", Text, nullable=False),
    Column("repro_spec_id", Text, nullable=False),
    Column("repro_run_id", Text, nullable=False),
    Column("repro_summary", Text, nullable=False),
    Column("fix_status", Text, nullable=False),
    Column("fix_repo", Text, nullable=False),
    Column("fix_branch", Text, nullable=False),
    Column("fix_pr_url", Text, nullable=False),
    Column("fix_prompt_path", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
