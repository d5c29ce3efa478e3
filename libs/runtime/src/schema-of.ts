/** The SQL schema of a service: its name, with underscores for hyphens. */
export function schemaOf(service: string): string {
  return service.replaceAll('-', '_');
}
