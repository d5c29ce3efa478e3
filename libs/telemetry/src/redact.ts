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
