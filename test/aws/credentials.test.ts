import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefreshingCredentials, type SessionCredentials } from '../../src/aws/credentials.ts';
import { AppError } from '../../src/errors.ts';

const HOUR_MS = 3_600_000;

/** An STS of one function, with a clock that the test moves. */
function sessions() {
  const state = { now: 0, granted: 0, failure: undefined as AppError | undefined };
  const credentials = new RefreshingCredentials(
    async (): Promise<SessionCredentials> => {
      if (state.failure) throw state.failure;
      state.granted++;
      const expiration = new Date(state.now + HOUR_MS);
      return { accessKeyId: `KEY${state.granted}`, secretAccessKey: 's', sessionToken: 't', expiration };
    },
    () => state.now,
  );
  return { state, credentials };
}

test('a session is used until five minutes before its end, then renewed', async () => {
  const { state, credentials } = sessions();
  assert.equal((await credentials.get()).accessKeyId, 'KEY1');
  state.now = 55 * 60_000 - 1;
  assert.equal((await credentials.get()).accessKeyId, 'KEY1');
  state.now = 55 * 60_000;
  assert.equal((await credentials.get()).accessKeyId, 'KEY2');
});

test('a hundred requests at once ask STS once', async () => {
  const { state, credentials } = sessions();
  await Promise.all(Array.from({ length: 100 }, () => credentials.get()));
  assert.equal(state.granted, 1);
});

test('an STS that is down stops nothing while the session lives', async () => {
  const { state, credentials } = sessions();
  await credentials.get();
  state.failure = new AppError('NETWORK', 'STS is down');
  state.now = 58 * 60_000;
  assert.equal((await credentials.get()).accessKeyId, 'KEY1');
  state.now = HOUR_MS;
  await assert.rejects(credentials.get(), { code: 'NETWORK' });
  state.failure = undefined;
  assert.equal((await credentials.get()).accessKeyId, 'KEY2');
});

test('a session that the server refused is forgotten, but not the one that has replaced it', async () => {
  const { credentials } = sessions();
  await credentials.get();
  credentials.invalidate('KEY1');
  assert.equal((await credentials.get()).accessKeyId, 'KEY2');
  credentials.invalidate('KEY1');
  assert.equal((await credentials.get()).accessKeyId, 'KEY2');
});
