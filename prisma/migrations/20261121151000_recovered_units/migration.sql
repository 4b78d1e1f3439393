-- What the registry says of a unit may come from the bucket's manifests: purges that none of them names yet are then not known.
ALTER TABLE "registry"."archive_unit" ADD COLUMN     "recovered_round" INTEGER;
