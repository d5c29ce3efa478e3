/** The key and the host of a DSN, with which Sentry's library takes it; what it does not take, it passes over in silence. */
const KEY = /^\w+$/;
const PROJECT = /\/\d+$/;

const EXAMPLE =
  "Copy the DSN from the Sentry project's settings, under Client Keys: it looks like https://key@host/number (http:// where Sentry is your own and without TLS).";

/** What is wrong with SENTRY_DSN and what to write instead, for a list of all faults of a set-up; undefined when issues can be sent there. */
export function sentryDsnFault(text: string): string | undefined {
  const fault = faultOf(URL.canParse(text) ? new URL(text) : undefined);
  return fault === undefined ? undefined : `${fault} ${EXAMPLE}`;
}

function faultOf(url: URL | undefined): string | undefined {
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'it is no address of Sentry.';
  if (!KEY.test(url.username)) return 'the public key before the @ is missing, or is none.';
  if (!PROJECT.test(url.pathname)) return "the project's number at its end is missing.";
  if (url.search !== '' || url.hash !== '') return 'something follows the number of the project.';
  return undefined;
}
