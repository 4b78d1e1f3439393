import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { newGroup } from '../command.ts';
import { policyApply } from '../policy/apply.ts';
import { policyList } from '../policy/list.ts';
import { policyPlan } from '../policy/plan.ts';
import { bucketApply } from './bucket/apply.ts';
import { bucketCheck } from './bucket/check.ts';
import { bucketPlan } from './bucket/plan.ts';
import { bucketPolicies } from './bucket/policies.ts';
import { archiveDdlCommand } from './ddl.ts';
import { holdList } from './hold/list.ts';
import { holdPlace } from './hold/place.ts';
import { holdReconcile } from './hold/reconcile.ts';
import { holdRelease } from './hold/release.ts';
import { archiveInspect } from './inspect.ts';
import { keyNew } from './key/new.ts';
import { keyShow } from './key/show.ts';
import { lockExtend } from './lock/extend.ts';
import { manifestList } from './manifest/list.ts';
import { manifestShow } from './manifest/show.ts';
import { archivePlan } from './plan.ts';
import { archiveRecover } from './recover.ts';
import { restoreCancel } from './restore/cancel.ts';
import { restoreList } from './restore/list.ts';
import { restorePlan } from './restore/plan.ts';
import { restorePoll } from './restore/poll.ts';
import { restoreShow } from './restore/show.ts';
import { restoreStart } from './restore/start.ts';
import { archiveRun } from './run.ts';
import { archiveRuns } from './runs.ts';
import { archiveStatusCommand } from './status.ts';
import { unitRepair } from './unit/repair.ts';
import { unitShow } from './unit/show.ts';
import { archiveUnits } from './units.ts';
import { archiveVerify } from './verify.ts';

export function archiveCommand(cli: Cli): Command {
  return newGroup('archive', 'aged tables in a write-once bucket: out, proved, and back', [
    newGroup('key', 'the key that signs manifests', [keyNew(cli), keyShow(cli)]),
    newGroup('bucket', "the archive's bucket", [
      bucketPlan(cli),
      bucketApply(cli),
      bucketCheck(cli),
      bucketPolicies(cli),
    ]),
    archiveInspect(cli),
    policyList(cli),
    policyCommand(cli),
    archivePlan(cli),
    archiveRun(cli),
    archiveRuns(cli),
    archiveStatusCommand(cli),
    archiveUnits(cli),
    newGroup('unit', 'one archive unit', [unitShow(cli), unitRepair(cli)]),
    newGroup('manifest', 'the signed manifests', [manifestList(cli), manifestShow(cli)]),
    archiveVerify(cli),
    archiveRecover(cli),
    newGroup('restore', 'archived rows back into a database', [
      restorePlan(cli),
      restoreStart(cli),
      restoreList(cli),
      restoreShow(cli),
      restoreCancel(cli),
      restorePoll(cli),
    ]),
    newGroup('hold', 'legal holds', [holdPlace(cli), holdRelease(cli), holdList(cli), holdReconcile(cli)]),
    newGroup('lock', 'the locks on what is stored', [lockExtend(cli)]),
    archiveDdlCommand(cli),
  ]).addHelpText('after', firstSteps);
}

/** There are two ways to it: `billvault archive policy`, and as short as it is in a deployment's script. */
export function policyCommand(cli: Cli): Command {
  return newGroup('policy', 'what is archived: the policies of billvault.yaml', [policyPlan(cli), policyApply(cli)]);
}

const firstSteps = `
The least that billvault.yaml has to say:
  archive:
    destination: { bucket: acme-archive, region: eu-central-1 }
    sources:
      ledger: { urlVariable: LEDGER_DATABASE_URL }
    policies:
      - name: ledgers
        source: ledger
        tables: [public.charges]
        timeColumn: created_at
        classification: financial

First steps:
  $ billvault archive key new --out archive-signing-key.pem
  $ billvault archive inspect
  $ billvault archive policy apply
  $ billvault archive bucket apply --yes
  $ billvault archive plan
  $ billvault archive run
  $ billvault archive verify`;
