"""What was changed by whom, what people say of the service, and who paused the key of a user's browser."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_audit_feedback"
down_revision = "0001_people"


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("who_id", sa.String(32), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("target", sa.Text),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_who_id", "audit", ["who_id", "what", "id"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32)),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text),
        sa.Column("parameters", sa.Text),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("read", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_feedback_user_id_users", ondelete="SET NULL"),
    )
    op.create_index("ix_feedback_user_id", "feedback", ["user_id", "id"])
    op.add_column("users", sa.Column("key_stopped", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("UPDATE users SET key_stopped = true WHERE state = 'disabled'")
