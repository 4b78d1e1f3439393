// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are IAM's escapes, not templates
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PolicyError, parsePolicy } from '../../../src/sandbox/aws/iam/parse-policy.ts';
import { evaluate } from '../../../src/sandbox/aws/iam/policy.ts';

interface Asked {
  readonly resource?: string;
  readonly prefix?: string;
}

function says(statement: object, asked: Asked, version: object = { Version: '2012-10-17' }): string | undefined {
  const policy = parsePolicy({ ...version, Statement: { Effect: 'Allow', Action: 's3:*', ...statement } });
  const context = new Map(asked.prefix === undefined ? [] : [['s3:prefix', asked.prefix]]);
  return evaluate(policy, { action: 's3:GetObject', resource: asked.resource ?? '', principals: [], context });
}

test('${*}, ${?} and ${$} in a resource are the characters in them, beside wildcards that stay wildcards', () => {
  const Resource = 'arn:aws:s3:::b/a${*}b${?}c${$}/*';
  assert.equal(says({ Resource }, { resource: 'arn:aws:s3:::b/a*b?c$/any/thing' }), 'Allow');
  assert.equal(says({ Resource }, { resource: 'arn:aws:s3:::b/aXXbXc$/any/thing' }), undefined);
  assert.equal(says({ NotResource: Resource }, { resource: 'arn:aws:s3:::b/a*b?c$/x' }), undefined);
});

test('the escapes hold in condition values as well, of operators with and without wildcards', () => {
  for (const operator of ['StringLike', 'StringEquals', 'StringEqualsIgnoreCase', 'ArnLike']) {
    const Condition = { [operator]: { 's3:prefix': 'a${*}b${?}${$}{x}' } };
    assert.equal(says({ Condition }, { prefix: 'a*b?${x}' }), 'Allow', operator);
    assert.equal(says({ Condition }, { prefix: 'a-b-${x}' }), undefined, operator);
  }
  assert.equal(says({ Condition: { StringLike: { 's3:prefix': 'a${*}*' } } }, { prefix: 'a*bc' }), 'Allow');
  assert.equal(says({ Condition: { StringEquals: { 's3:prefix': 'a*' } } }, { prefix: 'a*' }), 'Allow');
  assert.equal(says({ Condition: { StringEquals: { 's3:prefix': 'a*' } } }, { prefix: 'ab' }), undefined);
});

test('a policy without the version 2012-10-17 has no escapes, and an unknown variable is refused', () => {
  assert.equal(says({ Resource: 'a${*}' }, { resource: 'a${anything}' }, {}), 'Allow');
  assert.equal(says({ Resource: 'a${*}' }, { resource: 'a*' }, {}), undefined);
  assert.throws(() => says({ Resource: 'home/${aws:username}/*' }, {}), PolicyError);
});
