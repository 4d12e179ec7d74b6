"""Campaigns: versions, waves, what became of them; what vehicles hold."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("campaigns") as campaigns:
        campaigns.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        campaigns.add_column(sa.Column("wave", sa.Integer(), nullable=False, server_default="0"))
        campaigns.add_column(sa.Column("wave_since", sa.DateTime(timezone=True), nullable=True))
        campaigns.add_column(sa.Column("base_version", sa.Integer(), nullable=True))
        campaigns.add_column(sa.Column("base_wave", sa.Integer(), nullable=True))
        campaigns.add_column(sa.Column("changed", sa.DateTime(timezone=True), nullable=True))
        campaigns.add_column(sa.Column("why", sa.Text(), nullable=False, server_default=""))
        campaigns.add_column(sa.Column("resolved", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE campaigns SET wave_since = created, changed = created")
    with op.batch_alter_table("campaigns") as campaigns:
        campaigns.alter_column("wave_since", existing_type=sa.DateTime(timezone=True), nullable=False)
        campaigns.alter_column("changed", existing_type=sa.DateTime(timezone=True), nullable=False)
        for name, kind in (("version", sa.Integer()), ("wave", sa.Integer()), ("why", sa.Text())):
            campaigns.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
    op.create_table(
        "campaign_versions",
        *_of_a_campaign(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sync_id", sa.String(length=256), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company", "name", "version"),
    )
    op.execute(
        "INSERT INTO campaign_versions (company, name, version, sync_id, document, created) "
        "SELECT company, name, version, sync_id, document, created FROM campaigns"
    )
    op.create_table(
        "campaign_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        *_of_a_campaign(),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_campaign_changes_name", "campaign_changes", ["company", "name"], unique=False)
    op.create_table(
        "campaign_members",
        *_of_a_campaign(),
        sa.Column("condition", sa.String(length=16), nullable=False),
        sa.Column("vehicle", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("company", "name", "condition", "vehicle"),
    )
    op.create_table(
        "campaign_conditions",
        *_of_a_campaign(),
        sa.Column("condition", sa.String(length=16), nullable=False),
        sa.Column("asked", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("company", "name", "condition"),
    )
    counted = ("bytes", "events", "quarantined")
    op.create_table(
        "campaign_usage",
        *_of_a_campaign(),
        sa.Column("vehicle", sa.String(length=128), nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counted),
        sa.Column("hour", sa.Integer(), nullable=False),
        *(sa.Column(f"hour_{name}", sa.BigInteger(), nullable=False) for name in counted),
        sa.Column("day", sa.Integer(), nullable=False),
        *(sa.Column(f"day_{name}", sa.BigInteger(), nullable=False) for name in counted),
        sa.PrimaryKeyConstraint("company", "name", "vehicle"),
    )
    op.create_table(
        "checkins",
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("vehicle", sa.String(length=128), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["companies.name"]),
        sa.PrimaryKeyConstraint("company", "vehicle"),
    )


def _of_a_campaign() -> list[sa.schema.SchemaItem]:
    """Names outlive the campaign: what it was stays on record."""
    return [
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["company"], ["companies.name"]),
    ]
