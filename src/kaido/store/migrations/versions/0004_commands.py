"""Commands; who is connected."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateways",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "presence",
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("vehicle", sa.String(length=128), nullable=False),
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("company", "vehicle"),
    )
    with op.batch_alter_table("signals") as signals:
        signals.add_column(sa.Column("allowed", sa.JSON(none_as_null=True), nullable=True))
        signals.add_column(sa.Column("critical", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("signals") as signals:
        signals.alter_column("critical", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
    op.create_table(
        "commands",
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=512), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("timeout_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("issuer", sa.String(length=128), nullable=False),
        sa.Column("issuer_id", sa.String(length=16), nullable=False),
        sa.Column("where", sa.Text(), nullable=True),
        sa.Column("vehicles", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approve_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approver", sa.String(length=128), nullable=True),
        sa.Column("approved", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company"], ["companies.name"]),
        sa.PrimaryKeyConstraint("company", "id"),
    )
    op.create_index("ix_commands_created", "commands", ["company", "created"], unique=False)
    op.create_table(
        "executions",
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("command", sa.String(length=128), nullable=False),
        sa.Column("vehicle", sa.String(length=128), nullable=False),
        sa.Column("issuer_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("code", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("issued", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company", "command"], ["commands.company", "commands.id"]),
        sa.PrimaryKeyConstraint("company", "command", "vehicle"),
    )
    op.create_index("ix_executions_due", "executions", ["due"], unique=False)
    op.create_index("ix_executions_vehicle", "executions", ["company", "vehicle", "created"], unique=False)
    op.create_index("ix_executions_issuer", "executions", ["company", "issuer_id", "created"], unique=False)
    op.create_table(
        "command_transitions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("command", sa.String(length=128), nullable=False),
        sa.Column("vehicle", sa.String(length=128), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.Column("code", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company", "command", "vehicle"], ["executions.company", "executions.command", "executions.vehicle"]
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_command_transitions_execution", "command_transitions", ["company", "command", "vehicle"], unique=False
    )
    op.create_table(
        "command_policies",
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["companies.name"]),
        sa.PrimaryKeyConstraint("company"),
    )
