import { AwsError } from '../../aws-error.ts';
import { type Reply, xmlReply } from '../../http/reply.ts';
import { maxDeleteKeys } from '../../limits.ts';
import { element, malformed, parseXml, s3Namespace, text, xmlDocument } from '../../xml.ts';
import { type BucketCall, demand, type ObjectCall, objectArn } from '../call.ts';
import { readCheckedBody } from '../read-checked-body.ts';
import { deleteVersion } from './delete-version.ts';

interface Doomed {
  readonly key: string;
  readonly versionId: string | null;
}

/** Each key succeeds or fails by itself. */
export async function deleteObjects(call: BucketCall): Promise<Reply> {
  const request = parseXml(await readCheckedBody(call), 'Delete');
  const isQuiet = request.text('Quiet') === 'true';
  const doomed = request.all('Object').map((entry): Doomed => {
    const key = entry.text('Key');
    if (key === undefined || key === '') throw malformed();
    return { key, versionId: entry.text('VersionId') ?? null };
  });
  if (doomed.length === 0 || doomed.length > maxDeleteKeys) throw malformed();
  const results: string[] = [];
  for (const one of doomed) {
    const result = await deleteOne({ ...call, key: one.key }, one);
    if (result.failed || !isQuiet) results.push(result.xml);
  }
  return xmlReply(xmlDocument('DeleteResult', s3Namespace, ...results));
}

async function deleteOne(
  call: ObjectCall,
  doomed: Doomed,
): Promise<{ readonly failed: boolean; readonly xml: string }> {
  const identity = [text('Key', doomed.key), text('VersionId', doomed.versionId ?? undefined)];
  try {
    demand(call, doomed.versionId === null ? 's3:DeleteObject' : 's3:DeleteObjectVersion', objectArn(call));
    const deleted = await deleteVersion(call, doomed.versionId);
    const marker = deleted.isMarker
      ? [text('DeleteMarker', true), text('DeleteMarkerVersionId', deleted.versionId)]
      : [];
    return { failed: false, xml: element('Deleted', ...identity, ...marker) };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return {
      failed: true,
      xml: element('Error', ...identity, text('Code', error.code), text('Message', error.message)),
    };
  }
}
