/** compose.yaml as Docker reads it, as far as tests ask for it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly dockerfile: string; readonly args: Readonly<Record<string, string>> };
  readonly environment?: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly volumes?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly depends_on?: unknown;
  readonly healthcheck?: unknown;
  readonly restart?: string;
  readonly mem_limit?: string;
}

/** `${NAME:-default}`, `${NAME:?what to do}` and `$$`, in this order. */
const VARIABLE = /\$\{([A-Z0-9_]+)(?:(:-|:\?)([^}]*))?\}|\$\$/g;

/** With these variables, as from .env. Throws where one that must be set is not. */
export function readCompose(variables: Readonly<Record<string, string>>): Readonly<Record<string, ComposeService>> {
  const text = readFileSync(`${ROOT}compose.yaml`, 'utf8').replace(VARIABLE, (whole, name?: string, sign?: string, rest = '') => {
    if (name === undefined) return '$';
    const value = variables[name] ?? '';
    if (value === '' && sign === ':?') throw new Error(`${whole}: ${name} is not set.`);
    return value === '' && sign === ':-' ? rest : value;
  });
  return (parse(text, { merge: true }) as { services: Readonly<Record<string, ComposeService>> }).services;
}

/** Every variable that compose.yaml asks for. */
export function variablesOfCompose(): { readonly required: Set<string>; readonly optional: Set<string> } {
  const uses = [...readFileSync(`${ROOT}compose.yaml`, 'utf8').matchAll(VARIABLE)].filter(([, name]) => name !== undefined);
  const named = (sign: string): Set<string> => new Set(uses.filter((use) => use[2] === sign).map(([, name = '']) => name));
  return { required: named(':?'), optional: named(':-') };
}

/** The lines of .env.example, also those that only wait for their # to be removed. */
export function exampleVariables(): { readonly set: Record<string, string>; readonly offered: Set<string> } {
  const lines = [...readFileSync(`${ROOT}.env.example`, 'utf8').matchAll(/^(#?)([A-Z0-9_]+)=(.*)$/gm)];
  const set = lines.filter(([, hash]) => hash === '').map(([, , name = '', value = '']) => [name, value]);
  return { set: Object.fromEntries(set) as Record<string, string>, offered: new Set(lines.map(([, , name = '']) => name)) };
}

/** The stage of the Dockerfile that SERVICE names. */
export function stageOf(service: string): string {
  const stages = readFileSync(`${ROOT}deploy/docker/Dockerfile`, 'utf8').split(/^(?=FROM )/m);
  const stage = stages.find((text) => new RegExp(`^FROM \\S+ AS ${service}\\n`).test(text));
  if (stage === undefined) throw new Error(`The Dockerfile has no stage ${service}.`);
  return stage;
}

/** The value that an ARG of the Dockerfile has unless the build says otherwise. */
export function argumentOfDockerfile(name: string): string {
  const [, value] = new RegExp(`^ARG ${name}=(.+)$`, 'm').exec(readFileSync(`${ROOT}deploy/docker/Dockerfile`, 'utf8')) ?? [];
  if (value === undefined) throw new Error(`The Dockerfile gives ${name} no value.`);
  return value;
}
