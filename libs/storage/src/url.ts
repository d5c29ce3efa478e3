/** host:port/database of a PostgreSQL URL, without user and password: fit for logs and errors. */
export function describeUrl(url: string): string {
  if (!URL.canParse(url)) return 'an address that is not a URL';
  const { host, pathname, searchParams } = new URL(url);
  return `${host === '' ? (searchParams.get('host') ?? 'localhost') : host}${pathname}`;
}
