import { sentryDsnFault } from './sentry-dsn.ts';

it.each([
  'https://0123456789abcdef0123456789abcdef@o447951.ingest.de.sentry.io/4505',
  'http://key@127.0.0.1:9000/1',
  'https://key:oldsecret@sentry.example.org/behind/a/path/7',
  'http://key@[::1]:9000/1',
])('%s is a DSN', (text) => {
  expect(sentryDsnFault(text)).toBeUndefined();
});

it.each([
  ['sentry', 'it is no address of Sentry.'],
  ['ftp://key@sentry.example.org/7', 'it is no address of Sentry.'],
  ['https://sentry.example.org/7', 'the public key before the @ is missing'],
  ['https://ke-y@sentry.example.org/7', 'the public key before the @ is missing, or is none.'],
  ['https://key@sentry.example.org', "the project's number at its end is missing."],
  ['https://key@sentry.example.org/', "the project's number at its end is missing."],
  ['https://key@sentry.example.org/shop', "the project's number at its end is missing."],
  ['https://key@sentry.example.org/7?x=1', 'something follows the number of the project.'],
])('%s is refused: %s', (text, why) => {
  expect(sentryDsnFault(text)).toContain(why);
  expect(sentryDsnFault(text)).toContain('it looks like https://key@host/number');
});
