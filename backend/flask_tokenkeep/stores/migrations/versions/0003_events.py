"""Security events."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ta_events",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("ta_users.id", ondelete="CASCADE")),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ip", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.String(256), nullable=False),
    )
    op.create_index("ix_ta_events_user_id_at", "ta_events", ["user_id", "at"])
    op.create_index("ix_ta_events_at", "ta_events", ["at"])


def downgrade() -> None:
    op.drop_table("ta_events")
