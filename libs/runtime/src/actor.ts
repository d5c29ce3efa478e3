import type { IncomingHttpHeaders } from 'node:http';

/** Characters of a header that goes into the audit. */
const MOST = 200;

/** Who asks, for the audit: what `x-actor` says. Nobody checks it; where requests come from outside, a door of the user's own sets it. */
export function actorOf({ 'x-actor': actor }: IncomingHttpHeaders): string {
  return headerText(actor) ?? 'anonymous';
}

/** Of a header the first, without the space around it, at most 200 characters; undefined where it says nothing. */
export function headerText(header: string | string[] | undefined): string | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim().slice(0, MOST);
  return text === '' ? undefined : text;
}
