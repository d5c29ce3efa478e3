/** What the registry knows of versions. */
import { VersionAnswer } from '@roofshot/contracts/http/registry';
import { ModelVersion, Name } from '@roofshot/contracts/ids';
import { Wait, waitMs } from '@roofshot/runtime/durations';
import type { HttpRoutes } from '@roofshot/runtime/http';
import type { Signal } from '@roofshot/runtime/signal';
import { Type } from 'typebox';
import { currentAliases } from './alias-store.ts';
import { fail } from './errors.ts';
import type { RegistryPlatform } from './platform.ts';
import { findVersion, listVersions, type Version } from './version-store.ts';

const OneVersion = Type.Object({ model: Name, version: ModelVersion });

export function addVersionRoutes(http: HttpRoutes, { sql }: RegistryPlatform, changes: Signal): void {
  http.route({
    method: 'GET',
    url: '/v1/models/:model/versions',
    summary: 'All versions of a model, newest first.',
    params: Type.Object({ model: Name }),
    response: Type.Object({ items: Type.Array(VersionAnswer) }),
    handler: async ({ params: { model } }) => {
      const aliases = await currentAliases(sql, model);
      return { items: (await listVersions(sql, model)).map((version) => answerOf(version, aliases)) };
    },
  });
  http.route({
    method: 'GET',
    url: '/v1/models/:model/versions/:version',
    summary: 'One version. With wait and until=approved: held until its admission has ended, also when it is not registered yet.',
    params: OneVersion,
    query: Type.Object({ wait: Type.Optional(Wait), until: Type.Optional(Type.Literal('approved')) }),
    response: VersionAnswer,
    handler: async ({ params: { model, version }, query: { wait, until }, signal }) => {
      const isAwaited = (found: Version | undefined): boolean =>
        found !== undefined && (until === undefined || found.state !== 'registered');
      const read = (): Promise<Version | undefined> => findVersion(sql, model, version);
      const reached = await changes.waitUntil(async () => ((await read().then(isAwaited)) ? true : false), {
        timeoutMs: waitMs(wait),
        signal,
      });
      const found = await read();
      if (found === undefined)
        throw fail(
          'not-found',
          `${model} has no version ${version}${reached === undefined && wait !== undefined ? ' yet; ask again' : ''}.`,
        );
      return answerOf(found, await currentAliases(sql, model));
    },
  });
  http.route({
    method: 'GET',
    url: '/v1/lineage/:model/:version',
    summary: 'What a version was made from: run, snapshot, log positions, features, code.',
    params: OneVersion,
    response: Type.Object({ model: Name, version: Type.Integer(), lineage: Type.Unknown() }),
    handler: async ({ params: { model, version } }) => {
      const found = await findVersion(sql, model, version);
      if (found === undefined) throw fail('not-found', `${model} has no version ${version}.`);
      return { model, version, lineage: found.lineage };
    },
  });
}

function answerOf({ registeredAt, checks, ...version }: Version, aliases: readonly { alias: string; version: number }[]): VersionAnswer {
  const names = aliases.filter((alias) => alias.version === version.version).map(({ alias }) => alias);
  return { ...version, checks: [...checks], aliases: names, registeredAt: registeredAt.toISOString() };
}
