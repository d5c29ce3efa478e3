import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where an object store is, as OBJECTS_URL says it. */
export interface S3Address {
  readonly bucket: string;
  /** Before every key; empty or ending in a slash. */
  readonly prefix: string;
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Of objects that were fetched. */
  readonly cache: string;
}

const FORM = 's3://[key:secret@]bucket[/prefix][?endpoint=https://host:port&region=us-east-1&cache=DIR]';
const PARAMETERS = ['endpoint', 'region', 'cache'];

/** Reads an OBJECTS_URL of the form above; key and secret are percent-encoded. Throws one error that names every fault in it. */
export function parseS3Url(url: string): S3Address {
  const [, credentials, bucket = '', path = '', query = ''] = /^s3:\/\/(?:([^@/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url) ?? [];
  const parameters = new URLSearchParams(query);
  const [accessKeyId = '', secretAccessKey = ''] = (credentials ?? '').split(':').map(decode);
  const endpoint = parameters.get('endpoint') ?? undefined;
  const faults = [
    ...bucketFaults(bucket, url),
    ...(credentials !== undefined && (accessKeyId === '' || secretAccessKey === '')
      ? ['key and secret must both be given, percent-encoded']
      : []),
    ...(endpoint === undefined || /^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')
      ? []
      : [`the endpoint "${endpoint}" is no http address`]),
    ...[...parameters.keys()]
      .filter((key) => !PARAMETERS.includes(key))
      .map((key) => `there is no parameter "${key}" (there are ${PARAMETERS.join(', ')})`),
  ];
  if (faults.length > 0) throw new Error(`OBJECTS_URL cannot be read: ${faults.join('; ')}. Its form is ${FORM}.`);
  return {
    bucket,
    prefix: path === '' ? '' : `${path.replace(/\/+$/, '')}/`,
    endpoint,
    region: parameters.get('region') ?? 'us-east-1',
    credentials: credentials === undefined ? undefined : { accessKeyId, secretAccessKey },
    cache: parameters.get('cache') ?? join(tmpdir(), `roofshot-objects-${process.geteuid?.() ?? 0}`),
  };
}

/** Where a secret with a slash or an @ in it was not encoded, what stands at the bucket's place must not be shown. */
function bucketFaults(bucket: string, url: string): string[] {
  if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) return [];
  const beforeQuery = url.split('?', 1)[0] ?? '';
  if (bucket.includes('@')) return ['an @ in key or secret must be written as %40'];
  if (bucket.includes(':') && beforeQuery.includes('@')) return ['a slash in key or secret must be written as %2F'];
  return [`"${bucket}" is no name of a bucket`];
}

/** Empty where it cannot be decoded. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** Without key and secret. */
export const describe = ({ bucket, prefix, endpoint }: S3Address): string =>
  `s3://${bucket}/${prefix}${endpoint === undefined ? '' : ` at ${endpoint}`}`;
