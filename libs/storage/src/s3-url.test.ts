import { parseS3Url } from './s3-url.ts';

describe('an s3:// URL', () => {
  it('names a bucket, a prefix and a store', () => {
    expect(parseS3Url('s3://AK:se%2Fcret@models/a/b/?endpoint=https://h:9&region=eu-1&cache=/c')).toEqual({
      bucket: 'models',
      prefix: 'a/b/',
      endpoint: 'https://h:9',
      region: 'eu-1',
      credentials: { accessKeyId: 'AK', secretAccessKey: 'se/cret' },
      cache: '/c',
    });
    expect(parseS3Url('s3://models')).toMatchObject({ prefix: '', endpoint: undefined, credentials: undefined });
  });

  it('tells all faults at once', () => {
    const reading = (): unknown => parseS3Url('s3://k:%zz@B?endpoint=ftp://x&acl=public');
    for (const fault of [
      '"B" is no name of a bucket',
      'both be given, percent-encoded',
      '"ftp://x" is no http address',
      'no parameter "acl"',
    ])
      expect(reading).toThrow(fault);
  });

  it('shows nothing of a secret whose slash or @ was not encoded', () => {
    expect(() => parseS3Url('s3://AK:se@cret@models')).toThrow(/^(?!.*cret@m).*an @ in key or secret must be written as %40/);
    expect(() => parseS3Url('s3://AK:se/cret@models')).toThrow('a slash in key or secret must be written as %2F');
    expect(() => parseS3Url('s3://AK:se/cret@models')).not.toThrow(/AK:|cret@m/);
  });
});
