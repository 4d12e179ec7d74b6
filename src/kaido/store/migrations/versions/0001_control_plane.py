"""The control plane: companies, vehicles, certificates, tokens, catalogs, campaigns, imports, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company", sa.String(length=63), nullable=True),
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.Column("what", sa.String(length=128), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_company_moment", "audit", ["company", "moment"], unique=False)
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "companies",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("ix_companies_revision", "companies", ["revision"], unique=False)
    op.create_table(
        "authorities",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("has_key", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company"],
            ["companies.name"],
        ),
        sa.PrimaryKeyConstraint("key_hash"),
    )
    op.create_index("ix_authorities_company", "authorities", ["company"], unique=False)
    op.create_index("ix_authorities_revision", "authorities", ["revision"], unique=False)
    op.create_table(
        "campaigns",
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("sync_id", sa.String(length=256), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company"],
            ["companies.name"],
        ),
        sa.PrimaryKeyConstraint("company", "name"),
    )
    op.create_index("ix_campaigns_revision", "campaigns", ["revision"], unique=False)
    op.create_index("ix_campaigns_sync_id", "campaigns", ["company", "sync_id"], unique=True)
    op.create_table(
        "imports",
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("vehicle", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company"],
            ["companies.name"],
        ),
        sa.PrimaryKeyConstraint("company", "id"),
    )
    op.create_table(
        "manifests",
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("sync_id", sa.String(length=256), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company"],
            ["companies.name"],
        ),
        sa.PrimaryKeyConstraint("company", "sync_id"),
    )
    op.create_index("ix_manifests_name", "manifests", ["company", "name"], unique=False)
    op.create_index("ix_manifests_revision", "manifests", ["revision"], unique=False)
    op.create_table(
        "signals",
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("datatype", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("min", sa.Double(), nullable=True),
        sa.Column("max", sa.Double(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company"],
            ["companies.name"],
        ),
        sa.PrimaryKeyConstraint("company", "path"),
    )
    op.create_index("ix_signals_revision", "signals", ["revision"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("company", sa.String(length=63), nullable=True),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("scopes", sa.String(length=128), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["company"],
            ["companies.name"],
        ),
        sa.PrimaryKeyConstraint("hash"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("ix_tokens_name", "tokens", ["company", "name"], unique=False)
    op.create_table(
        "vehicles",
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("vin", sa.String(length=64), nullable=True),
        sa.Column("platform", sa.String(length=128), nullable=True),
        sa.Column("model", sa.String(length=128), nullable=True),
        sa.Column("market", sa.String(length=128), nullable=True),
        sa.Column("manifest", sa.String(length=128), nullable=True),
        sa.Column("registered", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company"],
            ["companies.name"],
        ),
        sa.PrimaryKeyConstraint("company", "id"),
    )
    op.create_index("ix_vehicles_revision", "vehicles", ["revision"], unique=False)
    op.create_index("ix_vehicles_vin", "vehicles", ["company", "vin"], unique=False)
    op.create_table(
        "certificates",
        sa.Column("company", sa.String(length=63), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("vehicle", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company", "vehicle"],
            ["vehicles.company", "vehicles.id"],
        ),
        sa.PrimaryKeyConstraint("company", "serial"),
    )
    op.create_index("ix_certificates_revision", "certificates", ["revision"], unique=False)
    op.create_index("ix_certificates_vehicle", "certificates", ["company", "vehicle"], unique=False)
    op.execute("INSERT INTO changes (id, revision) VALUES (1, 0)")
