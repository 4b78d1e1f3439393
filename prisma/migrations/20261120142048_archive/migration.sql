-- CreateEnum
CREATE TYPE "registry"."policy_origin" AS ENUM ('file', 'api');

-- CreateEnum
CREATE TYPE "registry"."archive_mode" AS ENUM ('monthly', 'snapshot');

-- CreateEnum
CREATE TYPE "registry"."unit_state" AS ENUM ('PLANNED', 'EXPORTED', 'VERIFIED', 'PURGED', 'FAILED');

-- CreateEnum
CREATE TYPE "registry"."part_state" AS ENUM ('INTENDED', 'SPOOLED', 'STORED', 'VERIFIED', 'EXPIRED');

-- CreateEnum
CREATE TYPE "registry"."deletion_state" AS ENUM ('INTENDED', 'COMMITTED', 'ABORTED');

-- CreateEnum
CREATE TYPE "registry"."deletion_method" AS ENUM ('delete', 'detach');

-- CreateEnum
CREATE TYPE "registry"."manifest_state" AS ENUM ('PREPARED', 'STORED', 'EXPIRED');

-- CreateEnum
CREATE TYPE "registry"."restore_state" AS ENUM ('PLANNED', 'WAITING', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "registry"."restore_part_state" AS ENUM ('PENDING', 'REQUESTED', 'READY', 'RESTORED', 'SKIPPED');

-- CreateTable
CREATE TABLE "registry"."archive_policy" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "origin" "registry"."policy_origin" NOT NULL,
    "settings" JSONB NOT NULL,
    "applied_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "applied_by" TEXT NOT NULL,
    "removed_at" TIMESTAMPTZ(6),

    CONSTRAINT "archive_policy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."archive_table" (
    "id" SERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "schema_name" TEXT NOT NULL,
    "table_name" TEXT NOT NULL,
    "first_seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "facts" JSONB,
    "facts_at" TIMESTAMPTZ(6),

    CONSTRAINT "archive_table_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."archive_definition" (
    "sha256" TEXT NOT NULL,
    "definition" JSONB NOT NULL,
    "seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "archive_definition_pkey" PRIMARY KEY ("sha256")
);

-- CreateTable
CREATE TABLE "registry"."archive_unit" (
    "id" BIGSERIAL NOT NULL,
    "table_id" INTEGER NOT NULL,
    "period" DATE NOT NULL,
    "mode" "registry"."archive_mode" NOT NULL,
    "state" "registry"."unit_state" NOT NULL DEFAULT 'PLANNED',
    "policy_name" TEXT NOT NULL,
    "policy" JSONB NOT NULL,
    "definition_sha256" TEXT NOT NULL,
    "time_column" TEXT,
    "key_columns" TEXT[],
    "round" INTEGER NOT NULL DEFAULT 1,
    "rows" BIGINT NOT NULL DEFAULT 0,
    "text_bytes" BIGINT NOT NULL DEFAULT 0,
    "digest" TEXT,
    "retain_until" TIMESTAMPTZ(6) NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "keep_until" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "exported_at" TIMESTAMPTZ(6),
    "verified_at" TIMESTAMPTZ(6),
    "purged_at" TIMESTAMPTZ(6),
    "failed_at" TIMESTAMPTZ(6),
    "error_code" TEXT,
    "error_text" TEXT,

    CONSTRAINT "archive_unit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."archive_range" (
    "unit_id" BIGINT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "upper" JSONB,

    CONSTRAINT "archive_range_pkey" PRIMARY KEY ("unit_id","ordinal")
);

-- CreateTable
CREATE TABLE "registry"."archive_part" (
    "id" BIGSERIAL NOT NULL,
    "unit_id" BIGINT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "round" INTEGER NOT NULL,
    "state" "registry"."part_state" NOT NULL DEFAULT 'INTENDED',
    "bucket" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "version_id" TEXT,
    "size_bytes" BIGINT NOT NULL,
    "text_bytes" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "rows" BIGINT NOT NULL,
    "definition_sha256" TEXT NOT NULL,
    "ranges" JSONB NOT NULL,
    "columns" JSONB NOT NULL,
    "spills" JSONB NOT NULL,
    "null_counts" JSONB NOT NULL,
    "compression" TEXT NOT NULL,
    "storage_class" TEXT NOT NULL,
    "encryption" JSONB NOT NULL,
    "lock_mode" TEXT NOT NULL,
    "retain_until" TIMESTAMPTZ(6) NOT NULL,
    "legal_hold" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_at" TIMESTAMPTZ(6),
    "verified_at" TIMESTAMPTZ(6),
    "validated_at" TIMESTAMPTZ(6),
    "validated_level" TEXT,
    "expired_at" TIMESTAMPTZ(6),

    CONSTRAINT "archive_part_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."archive_departed" (
    "unit_id" BIGINT NOT NULL,
    "range_ordinal" INTEGER NOT NULL,
    "row_sha256" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "found_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "archive_departed_pkey" PRIMARY KEY ("unit_id","range_ordinal","row_sha256")
);

-- CreateTable
CREATE TABLE "registry"."archive_deletion" (
    "id" BIGSERIAL NOT NULL,
    "unit_id" BIGINT NOT NULL,
    "round" INTEGER NOT NULL,
    "range_ordinal" INTEGER NOT NULL,
    "method" "registry"."deletion_method" NOT NULL,
    "state" "registry"."deletion_state" NOT NULL DEFAULT 'INTENDED',
    "transaction" TEXT NOT NULL,
    "rows" BIGINT NOT NULL,
    "digest" TEXT NOT NULL,
    "departed" JSONB NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(6),
    "manifest_id" BIGINT,

    CONSTRAINT "archive_deletion_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."archive_undo" (
    "id" BIGSERIAL NOT NULL,
    "unit_id" BIGINT NOT NULL,
    "schema_name" TEXT NOT NULL,
    "table_name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "drop_after" TIMESTAMPTZ(6) NOT NULL,
    "dropped_at" TIMESTAMPTZ(6),

    CONSTRAINT "archive_undo_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."archive_manifest" (
    "id" BIGSERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "period" DATE NOT NULL,
    "state" "registry"."manifest_state" NOT NULL DEFAULT 'PREPARED',
    "bucket" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "version_id" TEXT,
    "body" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "previous_sha256" TEXT,
    "lock_mode" TEXT NOT NULL,
    "retain_until" TIMESTAMPTZ(6) NOT NULL,
    "encryption" JSONB NOT NULL,
    "legal_hold" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_at" TIMESTAMPTZ(6),
    "expired_at" TIMESTAMPTZ(6),

    CONSTRAINT "archive_manifest_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."archive_hold" (
    "id" SERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "table_name" TEXT,
    "from_period" DATE,
    "to_period" DATE,
    "reason" TEXT NOT NULL,
    "placed_by" TEXT NOT NULL,
    "placed_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "until" TIMESTAMPTZ(6),
    "released_at" TIMESTAMPTZ(6),
    "released_by" TEXT,
    "release_reason" TEXT,

    CONSTRAINT "archive_hold_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."archive_restore" (
    "id" BIGSERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "selection" JSONB NOT NULL,
    "target" JSONB NOT NULL,
    "target_key" TEXT NOT NULL,
    "state" "registry"."restore_state" NOT NULL DEFAULT 'PLANNED',
    "plan" JSONB NOT NULL,
    "requested_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(6),
    "error_code" TEXT,
    "error_text" TEXT,

    CONSTRAINT "archive_restore_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."archive_restore_part" (
    "restore_id" BIGINT NOT NULL,
    "part_id" BIGINT NOT NULL,
    "state" "registry"."restore_part_state" NOT NULL DEFAULT 'PENDING',
    "requested_at" TIMESTAMPTZ(6),
    "restored_at" TIMESTAMPTZ(6),
    "rows" BIGINT,
    "detail" JSONB,

    CONSTRAINT "archive_restore_part_pkey" PRIMARY KEY ("restore_id","part_id")
);

-- CreateTable
CREATE TABLE "registry"."archive_validation" (
    "id" BIGSERIAL NOT NULL,
    "level" TEXT NOT NULL,
    "selection" JSONB NOT NULL,
    "trigger" "registry"."run_trigger" NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(6),
    "is_clean" BOOLEAN,
    "counts" JSONB,
    "findings" JSONB,
    "error_code" TEXT,
    "error_text" TEXT,

    CONSTRAINT "archive_validation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."archive_run" (
    "id" BIGSERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "trigger" "registry"."run_trigger" NOT NULL,
    "actor" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(6),
    "counts" JSONB,
    "error_code" TEXT,
    "error_text" TEXT,

    CONSTRAINT "archive_run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."archive_statistic" (
    "table_id" INTEGER NOT NULL,
    "week" DATE NOT NULL,
    "units" INTEGER NOT NULL,
    "parts" INTEGER NOT NULL,
    "rows" BIGINT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "text_bytes" BIGINT NOT NULL,

    CONSTRAINT "archive_statistic_pkey" PRIMARY KEY ("table_id","week")
);

-- CreateIndex
CREATE UNIQUE INDEX "archive_policy_name_key" ON "registry"."archive_policy"("name");

-- CreateIndex
CREATE UNIQUE INDEX "archive_table_source_schema_name_table_name_key" ON "registry"."archive_table"("source", "schema_name", "table_name");

-- CreateIndex
CREATE INDEX "archive_unit_state_idx" ON "registry"."archive_unit"("state");

-- CreateIndex
CREATE UNIQUE INDEX "archive_unit_table_id_period_mode_key" ON "registry"."archive_unit"("table_id", "period", "mode");

-- CreateIndex
CREATE INDEX "archive_part_state_idx" ON "registry"."archive_part"("state");

-- CreateIndex
CREATE UNIQUE INDEX "archive_part_unit_id_ordinal_key" ON "registry"."archive_part"("unit_id", "ordinal");

-- CreateIndex
CREATE UNIQUE INDEX "archive_part_bucket_key_key" ON "registry"."archive_part"("bucket", "key");

-- CreateIndex
CREATE INDEX "archive_deletion_unit_id_round_range_ordinal_idx" ON "registry"."archive_deletion"("unit_id", "round", "range_ordinal");

-- CreateIndex
CREATE INDEX "archive_deletion_manifest_id_idx" ON "registry"."archive_deletion"("manifest_id");

-- CreateIndex
CREATE UNIQUE INDEX "archive_undo_unit_id_schema_name_table_name_key" ON "registry"."archive_undo"("unit_id", "schema_name", "table_name");

-- CreateIndex
CREATE INDEX "archive_manifest_source_period_idx" ON "registry"."archive_manifest"("source", "period");

-- CreateIndex
CREATE UNIQUE INDEX "archive_manifest_source_sequence_key" ON "registry"."archive_manifest"("source", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "archive_manifest_bucket_key_key" ON "registry"."archive_manifest"("bucket", "key");

-- CreateIndex
CREATE INDEX "archive_hold_source_idx" ON "registry"."archive_hold"("source");

-- CreateIndex
CREATE INDEX "archive_restore_state_idx" ON "registry"."archive_restore"("state");

-- CreateIndex
CREATE INDEX "archive_restore_part_part_id_idx" ON "registry"."archive_restore_part"("part_id");

-- CreateIndex
CREATE INDEX "archive_validation_started_at_idx" ON "registry"."archive_validation"("started_at");

-- CreateIndex
CREATE INDEX "archive_run_source_started_at_idx" ON "registry"."archive_run"("source", "started_at");

-- AddForeignKey
ALTER TABLE "registry"."archive_unit" ADD CONSTRAINT "archive_unit_table_id_fkey" FOREIGN KEY ("table_id") REFERENCES "registry"."archive_table"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."archive_range" ADD CONSTRAINT "archive_range_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "registry"."archive_unit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."archive_part" ADD CONSTRAINT "archive_part_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "registry"."archive_unit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."archive_departed" ADD CONSTRAINT "archive_departed_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "registry"."archive_unit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."archive_deletion" ADD CONSTRAINT "archive_deletion_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "registry"."archive_unit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."archive_deletion" ADD CONSTRAINT "archive_deletion_manifest_id_fkey" FOREIGN KEY ("manifest_id") REFERENCES "registry"."archive_manifest"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."archive_undo" ADD CONSTRAINT "archive_undo_unit_id_fkey" FOREIGN KEY ("unit_id") REFERENCES "registry"."archive_unit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."archive_restore_part" ADD CONSTRAINT "archive_restore_part_restore_id_fkey" FOREIGN KEY ("restore_id") REFERENCES "registry"."archive_restore"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."archive_restore_part" ADD CONSTRAINT "archive_restore_part_part_id_fkey" FOREIGN KEY ("part_id") REFERENCES "registry"."archive_part"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."archive_statistic" ADD CONSTRAINT "archive_statistic_table_id_fkey" FOREIGN KEY ("table_id") REFERENCES "registry"."archive_table"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
