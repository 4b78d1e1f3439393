/** IAM policy documents, as far as this project writes them. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: { readonly AWS: string } | { readonly Service: string };
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/**
 * Text that a policy is to take literally, where `*` and `?` would match and `${` would begin a variable.
 * IAM user guide, "IAM policy elements: variables and tags", "Specifying special characters".
 */
export function literalInPolicy(text: string): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these are IAM's escapes, not templates
  const escapes: Readonly<Record<string, string>> = { '*': '${*}', '?': '${?}', $: '${$}' };
  return text.replace(/[*?$]/g, (character) => escapes[character] ?? character);
}
