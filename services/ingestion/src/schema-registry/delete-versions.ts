/** Deleting in two steps: first hidden, so that it can be taken notice of; then for ever. */
import type { Sql } from '@roofshot/storage/sql';
import { refuseDeclared } from './declared-subjects.ts';
import { registryError, subjectNotFound, versionNotFound } from './registry-errors.ts';
import { refuseUnlessWritable, settingsOf } from './registry-settings.ts';
import { changeRegistry, type VersionName } from './schema-registry.ts';
import type { SchemaStore, StoredVersion } from './schema-store.ts';

/** Answers the versions that were deleted. Throws 40401, 40404, 40405, or 42206 when another schema refers to one. */
export function deleteSubject(sql: Sql, subject: string, isPermanent: boolean): Promise<number[]> {
  return changeRegistry(sql, async (store) => {
    const versions = await deletable(store, subject);
    const live = versions.filter(({ deleted }) => !deleted);
    if (!isPermanent && live.length === 0) throw alreadyDeleted(subject);
    if (isPermanent && live.length > 0) throw notYetDeleted(subject);
    const chosen = isPermanent ? versions : live;
    await refuseReferred(store, chosen);
    await (isPermanent ? store.remove(subject, numbersOf(chosen)) : store.hide(subject, numbersOf(chosen)));
    await store.changeSettings(subject, { compatibility: null, mode: null });
    return numbersOf(chosen);
  });
}

/** Answers the version that was deleted. Throws 40401, 40402, 40406, 40407, or 42206 when another schema refers to it. */
export function deleteVersion(sql: Sql, subject: string, name: VersionName, isPermanent: boolean): Promise<number> {
  return changeRegistry(sql, async (store) => {
    const versions = await deletable(store, subject);
    const found =
      name === 'latest' ? versions.findLast(({ deleted }) => deleted === isPermanent) : versions.find(({ version }) => version === name);
    if (found === undefined) throw versionNotFound(name);
    const { version, deleted } = found;
    if (deleted && !isPermanent) throw versionAlreadyDeleted(subject, version);
    if (!deleted && isPermanent) throw versionNotYetDeleted(subject, version);
    await refuseReferred(store, [found]);
    await (isPermanent ? store.remove(subject, [version]) : store.hide(subject, [version]));
    return version;
  });
}

/** The subject's versions, where it exists and may be changed. */
async function deletable(store: SchemaStore, subject: string): Promise<StoredVersion[]> {
  refuseUnlessWritable(subject, (await settingsOf(store, subject)).mode);
  await refuseDeclared(store, subject);
  const versions = await store.versionsOf(subject);
  if (versions.length === 0) throw subjectNotFound(subject);
  return versions;
}

const numbersOf = (versions: readonly StoredVersion[]): number[] => versions.map(({ version }) => version);

async function refuseReferred(store: SchemaStore, versions: readonly StoredVersion[]): Promise<void> {
  for (const { subject, version } of versions) {
    const ids = await store.referencesTo(subject, version);
    if (ids.length === 0) continue;
    throw registryError(
      42206,
      `Version ${version} of ${subject} is referred to by the schemas ${ids.join(', ')}. Delete the versions that have these first, for ever.`,
    );
  }
}

const alreadyDeleted = (subject: string): Error =>
  registryError(40404, `Subject '${subject}' was soft deleted. Set permanent=true to delete permanently.`);

const notYetDeleted = (subject: string): Error =>
  registryError(40405, `Subject '${subject}' was not deleted first before being permanently deleted. Delete it without permanent first.`);

const versionAlreadyDeleted = (subject: string, version: number): Error =>
  registryError(40406, `Subject '${subject}' Version ${version} was soft deleted. Set permanent=true to delete permanently.`);

const versionNotYetDeleted = (subject: string, version: number): Error =>
  registryError(
    40407,
    `Subject '${subject}' Version ${version} was not deleted first before being permanently deleted. Delete it without permanent first.`,
  );
