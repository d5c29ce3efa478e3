/** By shape: errors of Node's own modules are no instances of a test environment's Error. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
