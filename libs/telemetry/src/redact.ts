/** What stands in place of a secret. */
export const REDACTED = '[redacted]';

/** Last words of field names whose values never reach a log, whatever the caller meant. */
const SECRET_FIELD = /(^|[._-])(password|passwd|secret|token|authorization|cookie|(api|write|access|private)[._-]?key)$/i;

/** The password in `scheme://user:password@host`, as connection strings in error messages have it. */
const URL_PASSWORD = /(:\/\/[^\s/:@]*):[^\s/@]+@/g;

/** Whether a field is named like a secret. */
export function isSecretField(field: string): boolean {
  return SECRET_FIELD.test(field);
}

/** The text without the passwords of the URLs in it. */
export function redactUrls(text: string): string {
  return text.includes('://') ? text.replace(URL_PASSWORD, `$1:${REDACTED}@`) : text;
}

/** Whoever parses quotes what was sent: JSON.parse its surroundings, PostgreSQL the value. The words tell cheaply where there is none. */
const QUOTING = /is not valid JSON|invalid input|malformed |out of range|Key \(|Failing row/;
const QUOTED_INPUT: readonly (readonly [RegExp, string])[] = [
  [/(?:\.\.\.)?"[^]*is not valid JSON/g, '[text] is not valid JSON'],
  [/\b(invalid input (?:syntax|value)[^:"]{0,80}|malformed [\w ]{1,40} literal|[\w/ ]{1,40} out of range): "[^]*"/g, '$1: [text]'],
  [/\bvalue "[^]*" is out of range/g, 'value [text] is out of range'],
  [/\bKey \([^)]*\)=\([^)]*\)/g, 'Key [text]'],
  [/\b(Failing row contains) \([^]*\)/g, '$1 [text]'],
];

/** The text without what parsers quote of their input, which may be anybody's data. */
export function withoutQuotedInput(text: string): string {
  return QUOTING.test(text) ? QUOTED_INPUT.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text) : text;
}
