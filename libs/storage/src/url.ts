/** Parses a PostgreSQL URL, also one without a host (`postgres://user:password@/database?host=/run/postgresql`); undefined when it is none. */
export function parseSqlUrl(url: string): URL | undefined {
  const whole = url.replace(/^(\w+:\/\/[^/]*@)\//, '$1localhost/'); // a URL with a user must have a host
  return URL.canParse(whole) ? new URL(whole) : undefined;
}

/** host:port/database of a PostgreSQL URL, without user and password: fit for logs and errors. */
export function describeUrl(url: string): string {
  const parsed = parseSqlUrl(url);
  if (parsed === undefined) return 'an address that is not a URL';
  return `${parsed.searchParams.get('host') ?? parsed.host}${parsed.pathname}`;
}
