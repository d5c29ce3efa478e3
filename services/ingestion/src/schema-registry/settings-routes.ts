/** Compatibility levels (`/config`) and modes (`/mode`) of the registry and of its subjects. */
import type { HttpRoutes } from '@roofshot/runtime/http';
import type { Logger } from '@roofshot/telemetry/logger';
import { Type } from 'typebox';
import { COMPATIBILITY_LEVELS, isCompatibilityLevel, type CompatibilityLevel } from './compatibility-level.ts';
import { readFields } from './read-request.ts';
import { registryError } from './registry-errors.ts';
import { addRegistryRoute } from './registry-route.ts';
import type { RegistrySettings } from './registry-settings.ts';
import { GLOBAL, MODES, type RegistryMode } from './schema-store.ts';

const flag = Type.Boolean({ default: false });
const Subject = Type.Object({ subject: Type.String({ minLength: 1 }) });
const DefaultToGlobal = Type.Object({ defaultToGlobal: flag });
const Force = Type.Object({ force: flag });

export function addConfigRoutes(http: HttpRoutes, settings: RegistrySettings, log: Logger): void {
  const read = async (subject: string, defaultToGlobal: boolean): Promise<object> => ({
    compatibilityLevel: await settings.read(subject, 'compatibility', defaultToGlobal),
  });
  const change = async (subject: string, body: unknown): Promise<object> => {
    const compatibility = readLevel(body);
    await settings.changeCompatibility(subject, compatibility);
    return { compatibility };
  };
  const reset = async (subject: string): Promise<object> => ({ compatibilityLevel: await settings.reset(subject, 'compatibility') });
  const on = { url: '/config', what: 'compatibility level' };
  addRegistryRoute(http, log, { ...reading(on), handler: () => read(GLOBAL, true) });
  addRegistryRoute(http, log, { ...changing(on), handler: ({ body }) => change(GLOBAL, body) });
  addRegistryRoute(http, log, { ...resetting(on), handler: () => reset(GLOBAL) });
  const own = { url: '/config/:subject', what: "subject's own compatibility level" };
  addRegistryRoute(http, log, {
    ...reading(own),
    params: Subject,
    query: DefaultToGlobal,
    handler: ({ params, query }) => read(params.subject, query.defaultToGlobal),
  });
  addRegistryRoute(http, log, { ...changing(own), params: Subject, handler: ({ params, body }) => change(params.subject, body) });
  addRegistryRoute(http, log, { ...resetting(own), params: Subject, handler: ({ params }) => reset(params.subject) });
}

export function addModeRoutes(http: HttpRoutes, settings: RegistrySettings, log: Logger): void {
  const read = async (subject: string, defaultToGlobal: boolean): Promise<object> => ({
    mode: await settings.read(subject, 'mode', defaultToGlobal),
  });
  const change = async (subject: string, body: unknown, isForced: boolean): Promise<object> => {
    const mode = readMode(body);
    await settings.changeMode(subject, mode, isForced);
    return { mode };
  };
  const reset = async (subject: string): Promise<object> => ({ mode: await settings.reset(subject, 'mode') });
  const on = { url: '/mode', what: 'mode' };
  addRegistryRoute(http, log, { ...reading(on), handler: () => read(GLOBAL, true) });
  addRegistryRoute(http, log, { ...changing(on), query: Force, handler: ({ body, query }) => change(GLOBAL, body, query.force) });
  addRegistryRoute(http, log, { ...resetting(on), handler: () => reset(GLOBAL) });
  const own = { url: '/mode/:subject', what: "subject's own mode" };
  addRegistryRoute(http, log, {
    ...reading(own),
    params: Subject,
    query: DefaultToGlobal,
    handler: ({ params, query }) => read(params.subject, query.defaultToGlobal),
  });
  addRegistryRoute(http, log, {
    ...changing(own),
    params: Subject,
    query: Force,
    handler: ({ params, query, body }) => change(params.subject, body, query.force),
  });
  addRegistryRoute(http, log, { ...resetting(own), params: Subject, handler: ({ params }) => reset(params.subject) });
}

interface What {
  readonly url: string;
  readonly what: string;
}

const reading = ({ url, what }: What) => ({ method: 'GET', url, summary: `The ${what}.` }) as const;
const changing = ({ url, what }: What) => ({ method: 'PUT', url, summary: `Sets the ${what}.` }) as const;
const resetting = ({ url, what }: What) => ({ method: 'DELETE', url, summary: `Takes the ${what} back; answers what it was.` }) as const;

function readLevel(body: unknown): CompatibilityLevel {
  const { compatibility } = readFields(body);
  if (isCompatibilityLevel(compatibility)) return compatibility;
  throw registryError(
    42203,
    `The compatibility level ${JSON.stringify(compatibility) ?? 'is missing and'} is not valid: send {"compatibility": "…"} with ${COMPATIBILITY_LEVELS.join(', ')}.`,
  );
}

function readMode(body: unknown): RegistryMode {
  const { mode } = readFields(body);
  const known = MODES.find((one) => one === mode);
  if (known !== undefined) return known;
  throw registryError(
    42204,
    `The mode ${JSON.stringify(mode) ?? 'is missing and'} is not valid: send {"mode": "…"} with ${MODES.join(', ')}.`,
  );
}
