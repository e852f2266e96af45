"""The mail outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ta_outbox",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("address", sa.String(512), nullable=False),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("ta_users.id", ondelete="CASCADE")),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.CheckConstraint("(kind = 'reset') = (user_id IS NULL)", name="ck_ta_outbox_user_id"),
    )
    op.create_index("ix_ta_outbox_due_at", "ta_outbox", ["due_at"])
    op.create_index("ix_ta_outbox_user_id", "ta_outbox", ["user_id"])
    op.create_index("ix_ta_outbox_address", "ta_outbox", ["address"])


def downgrade() -> None:
    op.drop_table("ta_outbox")
