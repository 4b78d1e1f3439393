/** What the stand-in accepts at most. Where AWS documents a limit it is AWS's; the rest bounds our own memory. */

/** Node refuses a longer request head with 431 before we see it; S3 allows 8 KB of headers, SDK signatures included. */
export const maxHeaderBytes = 16 * 1024;
/** A DeleteObjects request of 1,000 keys of 1,024 bytes, escaped, is the largest XML body that S3 takes. */
export const maxXmlBodyBytes = 2 * 1024 * 1024;
/** S3's limit for a bucket policy. */
export const maxPolicyBytes = 20 * 1024;
/** STS's limit for a session policy, in characters. */
export const maxSessionPolicyChars = 2048;
/** A form body of STS: a session policy and some fields, URL-encoded. */
export const maxFormBodyBytes = 64 * 1024;
/** A Sign request: 4,096 bytes of message in base64 and some names. */
export const maxKmsBodyBytes = 16 * 1024;
/** KMS's limit for a message that it is to hash itself. */
export const maxKmsMessageBytes = 4_096;
/** S3's limit for one PUT and for one part. */
export const maxPutBytes = 5 * 1024 ** 3;
/** S3's smallest part, the last one excepted. */
export const minPartBytes = 5 * 1024 ** 2;
export const maxPartNumber = 10_000;
export const maxKeyBytes = 1024;
export const maxUserMetadataBytes = 2 * 1024;
export const maxListKeys = 1000;
export const maxDeleteKeys = 1000;
/** S3's limit for presigned URLs: seven days. */
export const maxPresignSeconds = 7 * 24 * 60 * 60;
/** AWS refuses a request whose clock is further off than this. */
export const maxClockSkewMs = 15 * 60 * 1000;
/** One line before a chunk of an aws-chunked body, or one trailer. */
export const maxChunkLineBytes = 4 * 1024;
/** Body bytes thrown away after an early error, so that the client reads the answer instead of a broken pipe. */
export const maxDiscardedBytes = 64 * 1024 * 1024;
/** Bytes handed to the socket, or read from a file, at once: large enough that system calls do not count. */
export const blockBytes = 1024 * 1024;
/** Requests that the log remembers one by one; the counts go on. */
export const maxLoggedRequests = 50_000;
/** Session credentials remembered, expired ones included (so that they are told apart from unknown ones). */
export const maxSessions = 50_000;
/** Derived signing keys remembered: one per access key, day and region. */
export const maxSigningKeys = 1000;
