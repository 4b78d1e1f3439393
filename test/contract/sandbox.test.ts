import { after } from 'node:test';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/server.ts';
import { sandboxCapabilities } from './capabilities.ts';
import { objectStoreContract } from './object-store.contract.ts';

let sandbox: SandboxAws | undefined;

objectStoreContract(async () => {
  sandbox = await startSandboxAws();
  const policy = { Statement: [{ Effect: 'Allow', Action: ['s3:*', 'kms:*'], Resource: '*' }] };
  const credentials = await sandbox.admin.createUser({ accountId: '111122223333', name: 'owner', policy });
  return {
    name: 'the sandbox',
    endpoint: sandbox.endpoint,
    region: 'us-east-1',
    credentials,
    capabilities: sandboxCapabilities,
  };
});

after(() => sandbox?.close());
