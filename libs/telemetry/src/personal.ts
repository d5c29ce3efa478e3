import { isIPv6 } from 'node:net';
import { REDACTED, redactUrls, withoutQuotedInput } from './redact.ts';

/** Every repetition is bounded, so that no text takes long. */
const EMAIL = /[\p{L}\p{N}._%+-]{1,64}(?:@|%40)(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}[\p{L}\p{N}-]{1,62}/gu;
const IPV4 = /(?<![\d.])(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)/g;
const PERHAPS_IPV6 = /(?<![\w:.])(?=[0-9a-f:.]*:[0-9a-f:.]*:)[0-9a-f:.]{3,45}(?![\w:])/gi;
const PHONE = /\+\d[\d ()/-]{6,24}\d/g;
const HOME = /(\/(?:home|Users)\/)[^/\s"'`]+/g;
const QUERY_VALUE = /([?&][\w.[\]-]{1,64}=)[^\s&#"'`]+/g;
const CREDENTIALS = /\b(bearer|basic|apikey)\s+[\w.~+/=-]{8,}/gi;
const NAMED_SECRET = /\b(authorization|cookie|password|passwd|secret|token|api[-_]?key)(["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"',;&]+/gi;

/**
 * The text without what could lead to a person: e-mail and IP addresses (but those of the machine itself), phone numbers, folders of
 * users, values in query strings, secrets, and what parsers quote of their input. Names cannot be told from other words: an error
 * message must not hold them.
 */
export function withoutPersonal(text: string): string {
  return withoutQuotedInput(redactUrls(text))
    .replace(QUERY_VALUE, `$1${REDACTED}`)
    .replace(CREDENTIALS, `$1 ${REDACTED}`)
    .replace(NAMED_SECRET, `$1$2${REDACTED}`)
    .replace(EMAIL, '[e-mail]')
    .replace(PHONE, '[phone]')
    .replace(IPV4, '[ip]')
    .replace(PERHAPS_IPV6, (found) => (isIPv6(found) && found !== '::' && found !== '::1' ? '[ip]' : found))
    .replace(HOME, '$1[user]');
}
