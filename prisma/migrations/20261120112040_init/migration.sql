-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "registry";

-- CreateEnum
CREATE TYPE "registry"."export_kind" AS ENUM ('cur-legacy', 'cur2', 'focus-1.0', 'focus-1.2', 'files');

-- CreateEnum
CREATE TYPE "registry"."delivery_state" AS ENUM ('PENDING', 'PUBLISHED', 'SUPERSEDED', 'DROPPED');

-- CreateEnum
CREATE TYPE "registry"."file_status" AS ENUM ('NEW', 'INGESTED', 'FAILED');

-- CreateEnum
CREATE TYPE "registry"."run_trigger" AS ENUM ('schedule', 'manual', 'api');

-- CreateTable
CREATE TABLE "registry"."client" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "offboarded_at" TIMESTAMPTZ(6),

    CONSTRAINT "client_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."role" (
    "id" SERIAL NOT NULL,
    "client_id" INTEGER NOT NULL,
    "arn" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "checked_at" TIMESTAMPTZ(6),
    "findings" JSONB,

    CONSTRAINT "role_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."export" (
    "id" SERIAL NOT NULL,
    "client_id" INTEGER NOT NULL,
    "role_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "kind" "registry"."export_kind" NOT NULL,
    "bucket" TEXT NOT NULL,
    "bucket_region" TEXT,
    "root" TEXT NOT NULL,
    "source_name" TEXT NOT NULL,
    "payer_account" TEXT,
    "table_name" TEXT NOT NULL,
    "schedule" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "settle_days" INTEGER NOT NULL,
    "keep_superseded_days" INTEGER NOT NULL,
    "from_period" DATE,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "discovered_at" TIMESTAMPTZ(6),

    CONSTRAINT "export_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."delivery" (
    "id" BIGSERIAL NOT NULL,
    "export_id" INTEGER NOT NULL,
    "period_start" DATE NOT NULL,
    "period_end" DATE NOT NULL,
    "identity" TEXT NOT NULL,
    "execution_id" TEXT,
    "manifest_key" TEXT,
    "manifest_etag" TEXT,
    "manifest_size_bytes" BIGINT,
    "manifest_last_modified" TIMESTAMPTZ(6),
    "state" "registry"."delivery_state" NOT NULL DEFAULT 'PENDING',
    "registered_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published_at" TIMESTAMPTZ(6),
    "superseded_at" TIMESTAMPTZ(6),
    "dropped_at" TIMESTAMPTZ(6),

    CONSTRAINT "delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."file" (
    "id" BIGSERIAL NOT NULL,
    "delivery_id" BIGINT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "etag" TEXT,
    "version_id" TEXT,
    "size_bytes" BIGINT,
    "last_modified" TIMESTAMPTZ(6),
    "period_start" DATE NOT NULL,
    "period_end" DATE NOT NULL,
    "status" "registry"."file_status" NOT NULL DEFAULT 'NEW',
    "generation" INTEGER NOT NULL DEFAULT 1,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lease_owner" TEXT,
    "lease_until" TIMESTAMPTZ(6),
    "not_before" TIMESTAMPTZ(6),
    "error_code" TEXT,
    "error_text" TEXT,
    "first_seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ingested_at" TIMESTAMPTZ(6),
    "rows" BIGINT,
    "bytes" BIGINT,
    "sha256" TEXT,

    CONSTRAINT "file_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."ingest_run" (
    "id" BIGSERIAL NOT NULL,
    "export_id" INTEGER NOT NULL,
    "trigger" "registry"."run_trigger" NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(6),
    "objects_listed" INTEGER NOT NULL DEFAULT 0,
    "manifests_read" INTEGER NOT NULL DEFAULT 0,
    "deliveries_found" INTEGER NOT NULL DEFAULT 0,
    "files_registered" INTEGER NOT NULL DEFAULT 0,
    "error_code" TEXT,
    "error_text" TEXT,

    CONSTRAINT "ingest_run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."warning" (
    "id" SERIAL NOT NULL,
    "client_id" INTEGER NOT NULL,
    "export_id" INTEGER,
    "code" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "first_seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "warning_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "registry"."audit_event" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "detail" JSONB NOT NULL,

    CONSTRAINT "audit_event_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "client_name_key" ON "registry"."client"("name");

-- CreateIndex
CREATE UNIQUE INDEX "role_external_id_key" ON "registry"."role"("external_id");

-- CreateIndex
CREATE UNIQUE INDEX "role_client_id_arn_key" ON "registry"."role"("client_id", "arn");

-- CreateIndex
CREATE UNIQUE INDEX "export_client_id_name_key" ON "registry"."export"("client_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "export_client_id_table_name_key" ON "registry"."export"("client_id", "table_name");

-- CreateIndex
CREATE UNIQUE INDEX "export_client_id_bucket_root_kind_key" ON "registry"."export"("client_id", "bucket", "root", "kind");

-- CreateIndex
CREATE INDEX "delivery_export_id_period_start_state_idx" ON "registry"."delivery"("export_id", "period_start", "state");

-- CreateIndex
CREATE UNIQUE INDEX "delivery_export_id_period_start_identity_key" ON "registry"."delivery"("export_id", "period_start", "identity");

-- CreateIndex
CREATE INDEX "file_status_not_before_idx" ON "registry"."file"("status", "not_before");

-- CreateIndex
CREATE UNIQUE INDEX "file_delivery_id_key_key" ON "registry"."file"("delivery_id", "key");

-- CreateIndex
CREATE INDEX "ingest_run_export_id_started_at_idx" ON "registry"."ingest_run"("export_id", "started_at");

-- CreateIndex
CREATE UNIQUE INDEX "warning_client_id_code_subject_key" ON "registry"."warning"("client_id", "code", "subject");

-- CreateIndex
CREATE INDEX "audit_event_subject_at_idx" ON "registry"."audit_event"("subject", "at");

-- AddForeignKey
ALTER TABLE "registry"."role" ADD CONSTRAINT "role_client_id_fkey" FOREIGN KEY ("client_id") REFERENCES "registry"."client"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."export" ADD CONSTRAINT "export_client_id_fkey" FOREIGN KEY ("client_id") REFERENCES "registry"."client"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."export" ADD CONSTRAINT "export_role_id_fkey" FOREIGN KEY ("role_id") REFERENCES "registry"."role"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."delivery" ADD CONSTRAINT "delivery_export_id_fkey" FOREIGN KEY ("export_id") REFERENCES "registry"."export"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."file" ADD CONSTRAINT "file_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "registry"."delivery"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."ingest_run" ADD CONSTRAINT "ingest_run_export_id_fkey" FOREIGN KEY ("export_id") REFERENCES "registry"."export"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."warning" ADD CONSTRAINT "warning_client_id_fkey" FOREIGN KEY ("client_id") REFERENCES "registry"."client"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."warning" ADD CONSTRAINT "warning_export_id_fkey" FOREIGN KEY ("export_id") REFERENCES "registry"."export"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
