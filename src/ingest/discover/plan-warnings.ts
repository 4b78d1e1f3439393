import { maxFolders } from './layout.ts';
import type { DataFolder, ListingIndex } from './listing-index.ts';
import type { KnownDelivery } from './plan.ts';
import type { DiscoveryWarning } from './warning.ts';

/** What the listing itself shows to be odd, manifests read or not. */
export function indexWarnings(
  index: ListingIndex,
  claimedKeys: ReadonlySet<string>,
  known: readonly KnownDelivery[],
): readonly DiscoveryWarning[] {
  return [
    ...withoutManifest(index, claimedKeys, known),
    ...outsideLayouts(index, claimedKeys),
    ...pathCase(index),
    ...collidingManifests(index),
  ];
}

/** The same payer's month through two exports: the same money, twice. One warning a pair of exports, naming the months. */
export function sameMoneyWarnings(
  found: readonly KnownDelivery[],
  known: readonly KnownDelivery[],
): readonly DiscoveryWarning[] {
  const byBill = Map.groupBy([...found, ...known], (delivery) =>
    JSON.stringify([delivery.payerAccount, delivery.periodStart]),
  );
  const doubled = new Map<
    string,
    { readonly payer: string; readonly names: readonly string[]; readonly months: string[] }
  >();
  for (const deliveries of byBill.values()) {
    const payer = deliveries[0]?.payerAccount;
    const month = deliveries[0]?.periodStart.slice(0, 7);
    const names = [...new Set(deliveries.map(({ root, kind }) => `${root} (${kind})`))].toSorted();
    if (payer === undefined || month === undefined || names.length < 2) continue;
    const subject = `${payer} ${names.join(' + ')}`;
    const group = doubled.get(subject);
    if (group === undefined) doubled.set(subject, { payer, names, months: [month] });
    else group.months.push(month);
  }
  return [...doubled].map(([subject, { payer, names, months }]) => ({
    code: 'SAME_MONEY_TWICE',
    subject,
    text: `payer ${payer} is delivered through ${names.length} exports, ${names.join(' and ')}, for ${monthList(months)}: their tables hold the same money`,
  }));
}

/** By root: AWS writes the manifest last, so a period's data without one may be on its way, or was copied without it. */
function withoutManifest(
  index: ListingIndex,
  claimedKeys: ReadonlySet<string>,
  known: readonly KnownDelivery[],
): readonly DiscoveryWarning[] {
  const places = [...index.manifests.values()].flat().map(({ place }) => place);
  const covered = new Set(places.map(({ root, family, period }) => JSON.stringify([root, family, period?.start])));
  const knownPeriods = new Set(known.map(({ root, periodStart }) => JSON.stringify([root, periodStart])));
  const lacking = [...index.dataFolders.values()].filter(({ place, example }) => {
    const { root, family, period } = place;
    return !(
      covered.has(JSON.stringify([root, family, period.start])) ||
      covered.has(JSON.stringify([root, family, undefined])) ||
      knownPeriods.has(JSON.stringify([root, period.start])) ||
      claimedKeys.has(example)
    );
  });
  return [...Map.groupBy(lacking, ({ place }) => place.root)].map(([root, folders]) => ({
    code: 'NO_MANIFEST_YET',
    subject: root,
    text: noManifestText(root, folders),
  }));
}

function noManifestText(root: string, folders: readonly DataFolder[]): string {
  const months = monthList(folders.map(({ place }) => place.period.start.slice(0, 7)));
  const count = folders.reduce((sum, folder) => sum + folder.count, 0);
  return `${count} data files under ${root} for ${months} have no manifest (such as ${folders[0]?.example}): AWS writes it last; if none will come, register the prefix as kind "files"`;
}

function outsideLayouts(index: ListingIndex, claimedKeys: ReadonlySet<string>): readonly DiscoveryWarning[] {
  const looseRoots = new Set(
    [...index.manifests.values()].flat().flatMap(({ place }) => (place.period === undefined ? place.root : [])),
  );
  const strays = index.strayKeys.filter(
    (key) => !claimedKeys.has(key) && !(looseRoots.size > 0 && liesInAny(looseRoots, key)),
  );
  if (strays[0] === undefined) return [];
  const text = `${strays.length} data files lie in no layout of AWS's and in no manifest, such as ${strays[0]}: register their prefix as kind "files" to load them`;
  return [{ code: 'NOT_IN_ANY_LAYOUT', subject: index.bucket, text }];
}

/** `a/b/c` lies in ``, `a/` and `a/b/`. */
function liesInAny(roots: ReadonlySet<string>, key: string): boolean {
  if (roots.has('')) return true;
  let end = key.indexOf('/') + 1;
  for (let folders = 0; end > 0 && folders < maxFolders; folders++) {
    if (roots.has(key.slice(0, end))) return true;
    end = key.indexOf('/', end) + 1;
  }
  return false;
}

function pathCase(index: ListingIndex): readonly DiscoveryWarning[] {
  const folders = new Set(
    [...index.manifests.values()].flatMap((manifests) => manifests.map(({ place }) => place.periodFolder)),
  );
  for (const folder of index.dataFolders.keys()) folders.add(folder);
  const byLowerCase = Map.groupBy(folders, (folder) => folder.toLowerCase());
  return [...byLowerCase.values()].flatMap((spellings) => {
    const [first, second] = spellings.toSorted();
    if (first === undefined || second === undefined) return [];
    const text = `${first} and ${second} differ in upper and lower case only: to S3 they are two places, and one may be a copy of the other`;
    return [{ code: 'PATH_CASE', subject: first, text } as const];
  });
}

function collidingManifests(index: ListingIndex): readonly DiscoveryWarning[] {
  return [...index.manifests.values()].flatMap((manifests) => {
    const ofPeriod = manifests
      .filter(({ place }) => place.executionFolder === undefined)
      .map(({ object }) => object.key);
    if (ofPeriod.length < 2) return [];
    const subject = manifests[0]?.place.periodFolder ?? '';
    const text = `several reports share the folder ${subject} (${ofPeriod.toSorted().join(', ')}): only the newest is followed; give each a prefix of its own`;
    return [{ code: 'MANIFESTS_COLLIDE', subject, text } as const];
  });
}

function monthList(months: readonly string[]): string {
  const sorted = [...new Set(months)].toSorted();
  return sorted.length <= 3 ? sorted.join(', ') : `${sorted.length} months from ${sorted[0]} to ${sorted.at(-1)}`;
}
