-- A row that departed may come back unchanged, be archived again and depart again: each time counts, told apart by round.
ALTER TABLE "registry"."archive_departed" DROP CONSTRAINT "archive_departed_pkey",
ADD COLUMN     "id" BIGSERIAL NOT NULL,
ADD COLUMN     "round" INTEGER NOT NULL DEFAULT 1,
ADD CONSTRAINT "archive_departed_pkey" PRIMARY KEY ("id");
ALTER TABLE "registry"."archive_departed" ALTER COLUMN "round" DROP DEFAULT;

-- CreateIndex
CREATE INDEX "archive_departed_unit_id_range_ordinal_idx" ON "registry"."archive_departed"("unit_id", "range_ordinal");
