import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseCache } from '../../src/aws/lease-cache.ts';

function cacheOf(max: number) {
  const destroyed: string[] = [];
  const cache = new LeaseCache<string>({ max, destroy: (value) => destroyed.push(value) });
  return { cache, destroyed, lease: (key: string) => cache.lease(key, () => `${key}-value`) };
}

test('ten thousand clients keep no more than the maximum open', () => {
  const { cache, destroyed, lease } = cacheOf(64);
  for (let i = 0; i < 10_000; i++) lease(`client-${i}`).release();
  assert.equal(cache.size, 64);
  assert.equal(destroyed.length, 10_000 - 64);
});

test('what is in use is destroyed only when its last lease is released', () => {
  const { destroyed, lease } = cacheOf(1);
  const first = lease('a');
  const second = lease('a');
  lease('b').release();
  assert.deepEqual(destroyed, []);
  first.release();
  first.release();
  assert.deepEqual(destroyed, [], 'a lease counts once, however often it is released');
  second.release();
  assert.deepEqual(destroyed, ['a-value']);
});

test('the same key is made once while it is kept', () => {
  const { cache } = cacheOf(2);
  let made = 0;
  for (let i = 0; i < 5; i++) cache.lease('a', () => `${++made}`).release();
  assert.equal(made, 1);
});

test('clearing destroys what is idle now and what is on loan later', () => {
  const { cache, destroyed, lease } = cacheOf(4);
  lease('idle').release();
  const used = lease('used');
  cache.clear();
  assert.deepEqual(destroyed, ['idle-value']);
  used.release();
  assert.deepEqual(destroyed, ['idle-value', 'used-value']);
});
