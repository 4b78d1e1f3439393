import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sessionName } from '../../src/aws/session-name.ts';

test('the session name says client and job', () => {
  assert.equal(sessionName('acme', 'discover'), 'billvault-acme-discover');
});

test('any client and job give a session name that STS takes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (client, job) => {
      assert.match(sessionName(client, job), /^[A-Za-z0-9_+=,.@-]{2,64}$/);
    }),
  );
});

test('two jobs whose names had to be changed do not look like one', () => {
  assert.notEqual(sessionName('a b', 'run'), sessionName('a-b', 'run'));
  assert.notEqual(sessionName('c'.repeat(80), 'run-1'), sessionName('c'.repeat(80), 'run-2'));
});
