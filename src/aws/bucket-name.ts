import { AppError } from '../errors.ts';

/**
 * S3 user guide, "Bucket naming rules", with what us-east-1 allowed before 2018: upper case, underscores, 255
 * characters. Anything else would say something else in an ARN or a URL.
 */
const bucketPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

/** @throws AppError BAD_INPUT */
export function checkBucketName(bucket: string): void {
  if (bucketPattern.test(bucket)) return;
  throw new AppError(
    'BAD_INPUT',
    `bucket ${JSON.stringify(bucket)} is no bucket name: give the name alone, without s3:// and without a prefix`,
  );
}
