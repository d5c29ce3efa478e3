import { Type, type Static, type TSchema } from 'typebox';
import { validatorOf } from '@roofshot/contracts/validate';

export interface Observed {
  readonly name: string;
  readonly url: string;
}

/** A service answers within milliseconds, and its checks within one second. */
const TIMEOUT_MS = 2_000;

const Health = Type.Object({ healthy: Type.Boolean() });
const Readiness = Type.Object({
  ready: Type.Boolean(),
  waitsFor: Type.Array(Type.String()),
  troubles: Type.Optional(Type.Array(Type.String())), // a service of an older version has none
  lag: Type.Integer(),
});

export interface HealthOfAll {
  readonly healthy: boolean;
  readonly services: readonly { readonly name: string; readonly healthy: boolean }[];
}

interface ServiceReadiness extends Required<Omit<Static<typeof Readiness>, 'lag'>> {
  readonly name: string;
  readonly lag: number | null;
}

export interface ReadinessOfAll {
  readonly ready: boolean;
  readonly services: readonly ServiceReadiness[];
}

/** Healthy when every service is. */
export async function aggregateHealth(services: readonly Observed[]): Promise<HealthOfAll> {
  const states = await Promise.all(
    services.map(async ({ name, url }) => {
      const answer = await ask(`${url}/healthz`, Health);
      return { name, healthy: typeof answer === 'object' && answer.healthy };
    }),
  );
  return { healthy: states.every(({ healthy }) => healthy), services: states };
}

/** Ready when every service is; each with what it waits for, what troubles it and its lag in records (null: it does not answer). */
export async function aggregateReadiness(services: readonly Observed[]): Promise<ReadinessOfAll> {
  const states = await Promise.all(
    services.map(async ({ name, url }) => {
      const answer = await ask(`${url}/readyz`, Readiness);
      return typeof answer === 'string'
        ? { name, ready: false, waitsFor: [answer], troubles: [], lag: null }
        : { name, ready: answer.ready, waitsFor: answer.waitsFor, troubles: answer.troubles ?? [], lag: answer.lag };
    }),
  );
  return { ready: states.every(({ ready }) => ready), services: states };
}

/** The answer, or a sentence why there is none. */
async function ask<S extends TSchema>(url: string, schema: S): Promise<Static<S> | string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body: unknown = await response.json();
    return validatorOf(schema).check(body) ? body : `${url} answers something else than its state`;
  } catch (error) {
    const { cause = error } = error as { cause?: unknown };
    return `an answer of ${url} (${cause instanceof Error ? cause.message : String(cause)})`;
  }
}
