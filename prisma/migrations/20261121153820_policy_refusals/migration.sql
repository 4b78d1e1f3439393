-- AlterTable
ALTER TABLE "registry"."archive_policy" ADD COLUMN     "refused_at" TIMESTAMPTZ(6),
ADD COLUMN     "refused_code" TEXT,
ADD COLUMN     "refused_text" TEXT;
