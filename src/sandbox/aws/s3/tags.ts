import { AwsError } from '../aws-error.ts';
import type { XmlElement } from '../xml.ts';

export type Tags = Readonly<Record<string, string>>;

const maxTags = 10;
const maxTagKeyChars = 128;
const maxTagValueChars = 256;

export function parseTagHeader(header: string | undefined): Tags {
  return checkTags([...new URLSearchParams(header ?? '')]);
}

/** @param tagging an element with `<TagSet><Tag><Key/><Value/></Tag></TagSet>` in it */
export function parseTagSet(tagging: XmlElement): Tags {
  const tags = tagging.one('TagSet')?.all('Tag') ?? [];
  return checkTags(tags.map((tag) => [tag.text('Key') ?? '', tag.text('Value') ?? '']));
}

function checkTags(pairs: readonly (readonly [string, string])[]): Tags {
  const tags = Object.fromEntries(pairs);
  if (Object.keys(tags).length !== pairs.length) {
    throw new AwsError('InvalidTag', 'a tag key stands there twice');
  }
  if (pairs.length > maxTags) throw new AwsError('InvalidTag', 'an object has 10 tags at most');
  for (const [key, value] of pairs) {
    if (key === '' || key.length > maxTagKeyChars) throw new AwsError('InvalidTag', 'no valid tag key');
    if (value.length > maxTagValueChars) throw new AwsError('InvalidTag', 'no valid tag value');
  }
  return tags;
}
