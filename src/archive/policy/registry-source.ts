/** The source database that is always there: the registry itself, whose audit trail may be archived. */
export const registrySource = 'billvault';
