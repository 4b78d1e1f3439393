import { after } from 'node:test';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/server.ts';
import { archiveFlowContract } from './archive-flow.contract.ts';
import { archiveStoreContract } from './archive-store.contract.ts';
import { sandboxCapabilities } from './capabilities.ts';
import { objectStoreContract } from './object-store.contract.ts';
import type { Subject } from './subject.ts';

let sandbox: SandboxAws | undefined;
let started: Promise<Subject> | undefined;

/** One stand-in for all contracts. */
function standIn(): Promise<Subject> {
  started ??= startStandIn();
  return started;
}

async function startStandIn(): Promise<Subject> {
  sandbox = await startSandboxAws();
  const policy = { Statement: [{ Effect: 'Allow', Action: ['s3:*', 'kms:*'], Resource: '*' }] };
  const credentials = await sandbox.admin.createUser({ accountId: '111122223333', name: 'owner', policy });
  return {
    name: 'the sandbox',
    endpoint: sandbox.endpoint,
    region: 'us-east-1',
    credentials,
    kmsKeyId: 'test-key',
    capabilities: sandboxCapabilities,
    async passDay() {
      await sandbox?.admin.advanceClock(86_400);
      await sandbox?.admin.runLifecycle();
    },
  };
}

objectStoreContract(standIn);
archiveStoreContract(standIn);
// The last: it moves the clock.
archiveFlowContract(standIn);

after(() => sandbox?.close());
