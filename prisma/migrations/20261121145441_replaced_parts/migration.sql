-- A part whose object is faulty: its rows are archived anew, or another version of the object is taken.
-- AlterEnum
ALTER TYPE "registry"."part_state" ADD VALUE 'REPLACED';

-- CreateTable
CREATE TABLE "registry"."archive_replacement" (
    "id" BIGSERIAL NOT NULL,
    "part_id" BIGINT NOT NULL,
    "version_id" TEXT,
    "new_version_id" TEXT,
    "round" INTEGER,
    "new_part_id" BIGINT,
    "is_same" BOOLEAN NOT NULL,
    "code" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "archive_replacement_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "archive_replacement_part_id_idx" ON "registry"."archive_replacement"("part_id");

-- AddForeignKey
ALTER TABLE "registry"."archive_replacement" ADD CONSTRAINT "archive_replacement_part_id_fkey" FOREIGN KEY ("part_id") REFERENCES "registry"."archive_part"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "registry"."archive_replacement" ADD CONSTRAINT "archive_replacement_new_part_id_fkey" FOREIGN KEY ("new_part_id") REFERENCES "registry"."archive_part"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
