import { type Reply, xmlReply } from '../../http/reply.ts';
import { element, parseXml, s3Namespace, text, xmlDocument } from '../../xml.ts';
import type { ObjectCall } from '../call.ts';
import { findVersion } from '../find-version.ts';
import { versionHeader } from '../object-headers.ts';
import { readCheckedBody } from '../read-checked-body.ts';
import { parseTagSet, type Tags } from '../tags.ts';

export function getTagging(call: ObjectCall): Reply {
  const object = findVersion(call);
  const tags = Object.entries(object.tags).map(([key, value]) =>
    element('Tag', text('Key', key), text('Value', value)),
  );
  return xmlReply(
    xmlDocument('Tagging', s3Namespace, element('TagSet', ...tags)),
    versionHeader(call, object.versionId),
  );
}

export async function putTagging(call: ObjectCall): Promise<Reply> {
  return setTags(call, parseTagSet(parseXml(await readCheckedBody(call), 'Tagging')), 200);
}

export function deleteTagging(call: ObjectCall): Reply {
  return setTags(call, {}, 204);
}

function setTags(call: ObjectCall, tags: Tags, status: number): Reply {
  const object = findVersion(call);
  call.bucket.replace({ ...object, tags });
  return { status, headers: versionHeader(call, object.versionId) };
}
