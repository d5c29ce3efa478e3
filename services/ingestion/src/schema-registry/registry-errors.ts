/** Refusals in Confluent's form: a code that begins with the HTTP status, and a sentence. */

export type RegistryCode =
  | 400
  | 40401
  | 40402
  | 40403
  | 40404
  | 40405
  | 40406
  | 40407
  | 40408
  | 40409
  | 409
  | 42201
  | 42202
  | 42203
  | 42204
  | 42205
  | 42206
  | 42207
  | 42208
  | 42209;

export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly status: number;

  constructor(
    readonly code: RegistryCode,
    message: string,
  ) {
    super(message);
    this.status = Number(String(code).slice(0, 3));
  }
}

export const registryError = (code: RegistryCode, message: string): RegistryError => new RegistryError(code, message);

export const subjectNotFound = (subject: string): RegistryError =>
  registryError(40401, `Subject '${subject}' not found. GET /subjects lists those that are there.`);

export const versionNotFound = (version: number | 'latest'): RegistryError =>
  registryError(40402, `Version ${version} not found. GET /subjects/{subject}/versions lists those that are there.`);

export const schemaNotFound = (): RegistryError => registryError(40403, 'Schema not found. Register it first.');
