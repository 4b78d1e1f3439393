-- AlterTable
ALTER TABLE "registry"."archive_part" ADD COLUMN     "locked_at" TIMESTAMPTZ(6);
