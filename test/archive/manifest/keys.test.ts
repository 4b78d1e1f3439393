import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { suite, test } from 'node:test';
import { generateSigningKey, openKeySigner } from '../../../src/archive/manifest/key-signer.ts';
import { publicKeys } from '../../../src/archive/manifest/public-keys.ts';
import { isAppError } from '../../../src/errors.ts';

const key = generateSigningKey();

suite('signing keys', () => {
  test('may be PEM, PEM on one line, or base64 of DER', async () => {
    const der = createPrivateKey(key.privateKeyPem).export({ type: 'pkcs8', format: 'der' }).toString('base64');
    for (const text of [key.privateKeyPem, key.privateKeyPem.replaceAll('\n', '\\n'), der, ` ${der}\n`]) {
      const signer = openKeySigner(text);
      assert.equal(signer.keyId, key.keyId);
      assert.equal(signer.publicKeyPem, key.publicKeyPem);
      assert.equal((await signer.sign(Buffer.from('x'))).length, 64);
    }
  });

  test('that cannot be used are refused without showing them', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    const encrypted = createPrivateKey(key.privateKeyPem).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'secret',
    });
    const broken = key.privateKeyPem.replace(/[^\n]{20}\n(?=-----END)/, '\n');
    for (const text of ['', 'hunter2hunter2', rsa.toString(), encrypted.toString(), key.publicKeyPem, broken]) {
      assert.throws(
        () => openKeySigner(text),
        (error) => {
          assert.ok(isAppError(error, 'BAD_CONFIG'));
          const shown = `${error.stack}${String(error.cause)}`;
          for (const line of text.split('\n').filter((part) => part !== '' && !part.startsWith('--'))) {
            assert.ok(!shown.includes(line), shown);
          }
          return true;
        },
      );
    }
  });

  test('public keys are taken from several texts, or several in one; no private key is', () => {
    const other = generateSigningKey();
    assert.deepEqual([...publicKeys([key.publicKeyPem, other.publicKeyPem]).keys()], [key.keyId, other.keyId]);
    assert.equal(publicKeys([`${key.publicKeyPem}\n${other.publicKeyPem}`]).size, 2);
    const der = createPublicKey(key.publicKeyPem).export({ type: 'spki', format: 'der' }).toString('base64');
    assert.deepEqual([...publicKeys([der, key.publicKeyPem.replaceAll('\n', '\\n')]).keys()], [key.keyId]);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });
    for (const text of ['', 'no key', key.privateKeyPem, rsa.toString()]) {
      assert.throws(
        () => publicKeys([text]),
        (error) => isAppError(error, 'BAD_CONFIG'),
      );
    }
  });
});
