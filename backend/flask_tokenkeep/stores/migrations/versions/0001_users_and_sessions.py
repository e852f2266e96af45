"""Users and the session ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ta_users",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("username_key", sa.String(128), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(512), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("email_key", sa.String(512), unique=True),
        sa.Column("pending_email", sa.String(254)),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("disabled_at", TIME),
    )
    op.create_table(
        "ta_sessions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("session_id", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("ta_users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("thumbprint", sa.String(43)),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_refreshed_at", TIME, nullable=False),
        sa.Column("idle_until", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("ip", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.String(256), nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("end_reason", sa.String(32)),
    )
    op.create_index("ix_ta_sessions_user_id_ended_at", "ta_sessions", ["user_id", "ended_at"])


def downgrade() -> None:
    op.drop_table("ta_sessions")
    op.drop_table("ta_users")
