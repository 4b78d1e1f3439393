/** What an operator would write in billvault.yaml. */
export const demoSettings = `archive:
  destination:
    bucket: platform-archive
    region: eu-central-1
    prefix: archive
    writerRole: { arn: "arn:aws:iam::999988887777:role/archive-writer", externalId: demo-writer }
    verifierRole: { arn: "arn:aws:iam::999988887777:role/archive-verifier", externalId: demo-verifier }
  sources:
    ledger: { urlVariable: LEDGER_DATABASE_URL }   # the URL itself stays in the environment
    fresh: { urlVariable: FRESH_DATABASE_URL }     # where something will be restored to
  policies:
    - name: ledgers
      source: ledger
      tables: [public.credits, public.charges]
      timeColumn: created_at
      classification: financial                    # ten years, locked
      hotDays: 60
      purge: true
      compliance: [SOX]
      throttle: { rowsPerSecond: null, load: null } # a demo has nobody to spare
    - name: audit-trail
      source: ledger
      tables: ["public.admin_*"]
      timeColumn: at
      classification: audit
      hotDays: 60
      throttle: { rowsPerSecond: null, load: null }
`;
