import { checkChain, type ExpiredManifests, expiredBefore } from '../manifest/chain.ts';
import type { PublicKeys } from '../manifest/public-keys.ts';
import { byPeriod, type Counts, checkPeriod } from './check-period.ts';
import { Findings, type OfflineFinding } from './finding.ts';
import { findKeyPaths, type KeyPaths } from './key-paths.ts';
import { type FoundManifest, isManifestName, readManifests } from './read-manifests.ts';
import { walkFolder } from './walk-folder.ts';

export interface VerifyFolderRequest {
  readonly folder: string;
  readonly keys: PublicKeys;
  /** SHA-256 of manifests that are known from elsewhere, at most one a source: nothing up to them may be missing. */
  readonly heads: readonly string[];
  /** Whether rows are decoded and digested, or only the files' bytes. */
  readonly isDeep: boolean;
  /** Tells parts that are missing from those that may have expired. */
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
}

export interface SourceChain {
  readonly source: string;
  readonly manifests: number;
  /** SHA-256 of the last one: to be noted elsewhere, and given as head the next time. */
  readonly head: string;
  /** Whether one of the given heads is in it; else a cut-off end would not show. */
  readonly isAnchored: boolean;
  /** Manifests that are not here and need not be: their retention is over. */
  readonly expired: readonly Pick<ExpiredManifests, 'from' | 'to' | 'until'>[];
}

export interface FolderVerification extends Readonly<Counts> {
  readonly ok: boolean;
  readonly isDeep: boolean;
  readonly sources: readonly SourceChain[];
  readonly manifests: number;
  /** Files that are neither parts nor manifests, and that no query would read. */
  readonly otherFiles: number;
  readonly findings: readonly OfflineFinding[];
  /** Findings beyond those listed. */
  readonly findingsOmitted: number;
}

/**
 * Verifies a downloaded archive with nothing but the public keys: signatures, chains, every part of the newest manifest
 * of every period. Whatever is wrong is a finding; memory does not grow with the files' sizes.
 * @throws AppError BAD_INPUT when the folder cannot be read, CANCELLED
 */
export async function verifyFolder(request: VerifyFolderRequest): Promise<FolderVerification> {
  const { folder, keys, isDeep, now, signal } = request;
  const findings = new Findings();
  const files = await walkFolder({ folder, findings, signal });
  const manifests = await readManifests({ folder, files, keys, findings, signal });
  const paths = findKeyPaths(
    manifests.flatMap((manifest) => manifest.keys),
    files,
  );
  const sources = checkChains(manifests, { heads: request.heads, paths, findings, now });
  const counts: Counts = { parts: 0, files: 0, deepFiles: 0, rows: 0, bytes: 0, expired: 0, replaced: 0 };
  const named = new Set<string>();
  const context = { folder, files, paths, named, counts, findings, isDeep, now, signal };
  const trusted = manifests.filter(({ link }) => link.signatureProblem === undefined);
  for (const period of byPeriod(trusted)) await checkPeriod(context, period);
  const otherFiles = findExtra(files, named, findings);
  return {
    ok: findings.count === 0,
    isDeep,
    sources,
    manifests: manifests.length,
    ...counts,
    otherFiles,
    findings: findings.list,
    findingsOmitted: findings.omitted,
  };
}

interface CheckChains {
  readonly heads: readonly string[];
  readonly paths: KeyPaths;
  readonly findings: Findings;
  readonly now: Date;
}

function checkChains(
  manifests: readonly FoundManifest[],
  { heads, paths, findings, now }: CheckChains,
): readonly SourceChain[] {
  if (manifests.length === 0) findings.add('CHAIN_BROKEN', '', 'there is no manifest here: nothing can be proved');
  const known = new Set(manifests.map(({ link }) => link.sha256));
  const sources = [...Map.groupBy(manifests, ({ link }) => link.source)].map(([source, found]) => {
    const links = found.map(({ link, path }) => ({ ...link, key: paths.keyOf(path) }));
    for (const { code, sequence, text } of checkChain(links, { now })) {
      findings.add(code, found.find(({ link }) => link.sequence === sequence)?.path ?? '', text);
    }
    const gone = expiredBefore(links, now);
    for (const { sha256 } of gone) known.add(sha256);
    const last = links.reduce((a, b) => (b.sequence > a.sequence ? b : a));
    const isAnchored = [...links, ...gone].some(({ sha256 }) => heads.includes(sha256));
    const expired = gone.map(({ from, to, until }) => ({ from, to, until }));
    return { source, manifests: links.length, head: last.sha256, isAnchored, expired };
  });
  for (const head of heads.filter((sha256) => !known.has(sha256))) {
    findings.add('CHAIN_BROKEN', '', `no manifest here has the SHA-256 ${head}: manifests are missing, or are others`);
  }
  return sources;
}

/** A parquet file that no manifest names would be read by every query over the folder. */
function findExtra(files: ReadonlySet<string>, named: ReadonlySet<string>, findings: Findings): number {
  let others = 0;
  for (const path of files) {
    if (named.has(path) || isManifestName(path)) continue;
    if (path.endsWith('.parquet'))
      findings.add('PROOF_FAILED', path, 'no manifest that can be trusted names this file');
    else others++;
  }
  return others;
}
