/** What is known of a request so far; filled in while it is handled, and logged however it ends. */
export interface Sighting {
  operation: string;
  bucket: string;
  key: string;
  principal: string;
}

export function newSighting(): Sighting {
  return { operation: 'Unknown', bucket: '', key: '', principal: '' };
}
