/** Compatibility levels and modes, of the whole registry and of single subjects. */
import type { Sql } from '@roofshot/storage/sql';
import type { CompatibilityLevel } from './compatibility-level.ts';
import { refuseDeclared } from './declared-subjects.ts';
import { registryError, subjectNotFound } from './registry-errors.ts';
import { GLOBAL, SchemaStore, type RegistryMode, type Settings } from './schema-store.ts';

const DEFAULTS = { compatibility: 'BACKWARD', mode: 'READWRITE' } as const;

export interface SettingsInForce {
  readonly compatibility: CompatibilityLevel;
  readonly mode: RegistryMode;
}

/** The subject's own, else the registry's, else BACKWARD and READWRITE. */
export async function settingsOf(store: SchemaStore, subject: string): Promise<SettingsInForce> {
  const [own, global] = [await store.settings(subject), await store.settings(GLOBAL)];
  return {
    compatibility: own.compatibility ?? global.compatibility ?? DEFAULTS.compatibility,
    mode: own.mode ?? global.mode ?? DEFAULTS.mode,
  };
}

export function refuseUnlessWritable(subject: string, mode: RegistryMode): void {
  if (mode !== 'READONLY') return;
  const what = subject === GLOBAL ? 'The registry' : `Subject ${subject}`;
  throw registryError(42205, `${what} is in read-only mode. PUT /mode {"mode": "READWRITE"} (or /mode/{subject}) lets it be changed.`);
}

type Setting = keyof Settings;

const NOT_SET = {
  compatibility: [40408, 'subject-level compatibility', 'config'],
  mode: [40409, 'subject-level mode', 'mode'],
} as const;

/** Reads and changes settings; the subject of the registry's own is `GLOBAL`. */
export class RegistrySettings {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Throws 40408 or 40409 where a subject has none of its own, unless the registry's is asked for then. */
  async read<S extends Setting>(subject: string, setting: S, defaultToGlobal: boolean): Promise<SettingsInForce[S]> {
    const store = new SchemaStore(this.#sql);
    const own = (await store.settings(subject))[setting];
    if (own !== null) return own as SettingsInForce[S];
    if (subject === GLOBAL || defaultToGlobal) return (await settingsOf(store, subject))[setting];
    const [code, what, path] = NOT_SET[setting];
    throw registryError(
      code,
      `Subject '${subject}' does not have ${what} configured. GET /${path}/${subject}?defaultToGlobal=true tells what holds.`,
    );
  }

  /** A mode can be changed in read-only mode, a level cannot. */
  async changeCompatibility(subject: string, compatibility: CompatibilityLevel): Promise<void> {
    await this.#sql.transaction(async (tx) => {
      const store = new SchemaStore(tx);
      await store.lock();
      await refuseFixedLevel(store, subject);
      await store.changeSettings(subject, { compatibility });
    });
  }

  /** Into IMPORT only where nothing is registered, unless forced: imported ids could meet others. */
  async changeMode(subject: string, mode: RegistryMode, isForced: boolean): Promise<void> {
    await this.#sql.transaction(async (tx) => {
      const store = new SchemaStore(tx);
      await store.lock();
      if (mode === 'IMPORT' && !isForced && (await hasSchemas(store, subject))) throw notEmpty(subject);
      await store.changeSettings(subject, { mode });
    });
  }

  /** Answers what was set. Throws 40401 where a subject has nothing set. */
  async reset<S extends Setting>(subject: string, setting: S): Promise<SettingsInForce[S]> {
    return this.#sql.transaction(async (tx) => {
      const store = new SchemaStore(tx);
      await store.lock();
      const before = (await store.settings(subject))[setting];
      if (before === null && subject !== GLOBAL) throw subjectNotFound(subject);
      if (setting === 'compatibility') await refuseFixedLevel(store, subject);
      await store.changeSettings(subject, { [setting]: null });
      return (before ?? DEFAULTS[setting]) as SettingsInForce[S];
    });
  }
}

async function refuseFixedLevel(store: SchemaStore, subject: string): Promise<void> {
  refuseUnlessWritable(subject, (await settingsOf(store, subject)).mode);
  await refuseDeclared(store, subject);
}

async function hasSchemas(store: SchemaStore, subject: string): Promise<boolean> {
  if (subject === GLOBAL) return (await store.subjects()).some(({ isDeleted }) => !isDeleted);
  return (await store.versionsOf(subject)).some(({ deleted }) => !deleted);
}

const notEmpty = (subject: string): Error =>
  registryError(
    42205,
    `Cannot import: ${subject === GLOBAL ? 'the registry' : `subject ${subject}`} has schemas already. Delete them first, or ask with force=true.`,
  );
