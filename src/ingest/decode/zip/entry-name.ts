/** What lies beside the data in the zips that people make: AWS's manifests and scripts, and desktops' leftovers. */
const notData = [/\/$/, /(^|\/)__MACOSX\//, /(^|\/)\.[^/]*$/, /(^|\/)thumbs\.db$/i, /\.(json|sql|ya?ml|md|pdf)$/i];

/** Whether an entry is to be read as CSV. What merely has an unusual name is: nothing may be left out silently. */
export function isDataEntry(name: string): boolean {
  return !notData.some((pattern) => pattern.test(name));
}
