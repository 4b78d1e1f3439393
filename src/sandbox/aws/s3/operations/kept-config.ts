import { AwsError } from '../../aws-error.ts';
import { PolicyError, parsePolicy } from '../../iam/parse-policy.ts';
import { maxPolicyBytes } from '../../limits.ts';
import { element, malformed, parseXml, s3Namespace, text, xmlDocument } from '../../xml.ts';
import type { KeptConfig } from '../bucket.ts';
import type { BucketCall, Handler } from '../call.ts';
import { parseLifecycle } from '../lifecycle-rules.ts';
import { toEncryption } from '../object-properties.ts';
import { readCheckedBody } from '../read-checked-body.ts';
import { parseTagSet } from '../tags.ts';

interface KeptRules {
  /** Throws when the document means nothing. */
  readonly check: (body: string, call: BucketCall) => void;
  readonly missing: () => AwsError;
  /** Status of a successful PUT. */
  readonly putStatus: number;
  readonly contentType: string;
}

const xml = { putStatus: 200, contentType: 'application/xml' };

const rulesOf: Readonly<Record<KeptConfig, KeptRules>> = {
  lifecycle: {
    ...xml,
    check: (body) => void parseLifecycle(body),
    missing: () => new AwsError('NoSuchLifecycleConfiguration', 'the bucket has no lifecycle'),
  },
  encryption: {
    ...xml,
    check: (body, call) => {
      const rule = parseXml(body, 'ServerSideEncryptionConfiguration')
        .one('Rule')
        ?.one('ApplyServerSideEncryptionByDefault');
      toEncryption(rule?.text('SSEAlgorithm') ?? '', rule?.text('KMSMasterKeyID'), call.bucket);
    },
    // S3 encrypts every bucket with its own keys unless told otherwise, so there always is a configuration.
    missing: () => new AwsError('InternalError', 'unreachable'),
  },
  publicAccessBlock: {
    ...xml,
    check: (body) => void parseXml(body, 'PublicAccessBlockConfiguration'),
    missing: () => new AwsError('NoSuchPublicAccessBlockConfiguration', 'the bucket has no public access block'),
  },
  policy: {
    putStatus: 204,
    contentType: 'application/json',
    check: checkPolicy,
    missing: () => new AwsError('NoSuchBucketPolicy', 'the bucket has no policy'),
  },
  replication: {
    ...xml,
    check: (body, call) => {
      if (!parseXml(body, 'ReplicationConfiguration').has('Rule')) throw malformed();
      if (call.bucket.versioning !== 'Enabled') {
        throw new AwsError(
          'InvalidRequest',
          "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
        );
      }
    },
    missing: () => new AwsError('ReplicationConfigurationNotFoundError', 'the bucket has no replication'),
  },
  tagging: {
    ...xml,
    putStatus: 204,
    check: (body) => void parseTagSet(parseXml(body, 'Tagging')),
    missing: () => new AwsError('NoSuchTagSet', 'there are no tags'),
  },
  ownershipControls: {
    ...xml,
    check: (body) => {
      if (!parseXml(body, 'OwnershipControls').has('Rule')) throw malformed();
    },
    missing: () => new AwsError('OwnershipControlsNotFoundError', 'the bucket has no ownership controls'),
  },
};

const ownKeyEncryption = xmlDocument(
  'ServerSideEncryptionConfiguration',
  s3Namespace,
  element(
    'Rule',
    element('ApplyServerSideEncryptionByDefault', text('SSEAlgorithm', 'AES256')),
    text('BucketKeyEnabled', false),
  ),
);

export function getKept(name: KeptConfig): Handler<BucketCall> {
  return (call) => {
    const body = call.bucket.config(name) ?? (name === 'encryption' ? ownKeyEncryption : undefined);
    if (body === undefined) throw rulesOf[name].missing();
    return { status: 200, headers: { 'content-type': rulesOf[name].contentType }, body };
  };
}

export function putKept(name: KeptConfig): Handler<BucketCall> {
  return async (call) => {
    const body = await readCheckedBody(call);
    rulesOf[name].check(body, call);
    call.bucket.setConfig(name, body);
    return { status: rulesOf[name].putStatus };
  };
}

export function deleteKept(name: KeptConfig): Handler<BucketCall> {
  return (call) => {
    call.bucket.setConfig(name, undefined);
    return { status: 204 };
  };
}

function checkPolicy(body: string): void {
  if (Buffer.byteLength(body) > maxPolicyBytes)
    throw new AwsError('MalformedPolicy', 'a bucket policy has 20 KB at most');
  try {
    const policy = parsePolicy(body);
    if (policy.every((statement) => statement.principals !== undefined)) return;
  } catch (error) {
    if (error instanceof PolicyError) throw new AwsError('MalformedPolicy', error.message);
    throw error;
  }
  throw new AwsError('MalformedPolicy', 'the statement names no Principal');
}
