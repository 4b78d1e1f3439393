-- AlterTable
ALTER TABLE "registry"."archive_part" ADD COLUMN     "copy_asked_at" TIMESTAMPTZ(6);
