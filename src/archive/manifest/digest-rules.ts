/** Stands in every manifest, so that whoever finds the archive alone can check it. */
export const digestRules = [
  "A line is one row as the source server's COPY (...) TO STDOUT printed it under `settings`, all columns in order, with its newline.",
  'Rows are in key order: time column, then primary key (else the whole row as text, collation C).',
  "ranges[].sha256: SHA-256 of the range's lines one after the other. files[].digest: the same of all lines of the part.",
  'files[].sha256: SHA-256 of the bytes of the parquet file.',
  'unit.digest: SHA-256 over "<part digest>\\n" of its parts in order. deletions[].digest: over "<range sha256>\\n" of its ranges in order.',
  'departed[].row_sha256: SHA-256 of one line.',
  'definition_sha256: SHA-256 of the canonical JSON (RFC 8785) of what of a definition makes a line: schema, table, columns (name, position, type, typmod, notNull, generated, generation of the identity), primaryKey, userTypes (kind and name; of an enum its labels, of a domain its base and notNull, of a composite its attributes as [name, type], of a range its subtype, of an extension type its extension; no collations), encoding. schema_version: of the sorted list of these digests.',
  'signature: Ed25519 of the ASCII text "billvault-manifest-1:" followed by the SHA-256, in hex, of the canonical JSON (RFC 8785) of the manifest without its member `signature`.',
  'previous.sha256: SHA-256 of the bytes of the manifest before, which are its canonical JSON and a newline.',
].join(' ');
