import { fileURLToPath } from 'node:url';
import { refuseWrongSqlUrl } from './url.ts';

const HERE = fileURLToPath(import.meta.url);
const reading = (query: string) => () => refuseWrongSqlUrl(`postgres://me:s3cret@db:5432/shop${query}`);

describe('a postgres:// URL', () => {
  it.each([
    '',
    '?sslmode=require',
    '?sslmode=disable',
    `?sslmode=verify-full&sslrootcert=${encodeURIComponent(HERE)}`,
    '?host=/run/postgresql&application_name=mine&options=-c%20search_path%3Dx',
  ])('may end in %s', (query) => {
    expect(reading(query)).not.toThrow();
  });

  it.each([
    ['?slmode=require', 'there is no parameter "slmode" (there are host, port, sslmode,'],
    ['?sslmode=requir', 'sslmode is "requir" and must be one of disable, prefer, require, verify-ca, verify-full, no-verify'],
    ['?sslmode=', 'sslmode is "" and must be one of'],
    ['?sslmode=require&sslrootcert=/nowhere/ca.pem', 'sslrootcert names /nowhere/ca.pem, which cannot be read (ENOENT)'],
    ['?connect_timeout=5', 'there is no parameter "connect_timeout"'],
  ])('that ends in %s is refused, and what may stand there is told', (query, fault) => {
    expect(reading(query)).toThrow(fault);
    expect(reading(query)).toThrow(/^(?!.*s3cret).*Its form is postgres:\/\/user:password@host/);
  });

  it('shows nothing of a password whose slash was not encoded', () => {
    for (const url of ['postgres://me:s3/cret@db/shop', 'postgres://me:33/cret@db/shop'])
      expect(() => refuseWrongSqlUrl(url)).toThrow(/^(?!.*cret).*(it is no URL|a slash in user or password must be written as %2F)/);
  });

  it('tells all faults at once', () => {
    expect(reading('?slmode=require&sslmode=requir')).toThrow(/"slmode".*; sslmode is "requir"/);
  });
});
