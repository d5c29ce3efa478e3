/** Aliases: what they name, what they named, and who moved them why. */
import { AliasHistory, SetAliasRequest } from '@roofshot/contracts/http/registry';
import { ModelVersion, Name, Reason, Timestamp } from '@roofshot/contracts/ids';
import { Identifier } from '@roofshot/contracts/resources/feature-kinds';
import { actorOf } from '@roofshot/runtime/actor';
import { Wait, waitMs } from '@roofshot/runtime/durations';
import type { HttpRoutes } from '@roofshot/runtime/http';
import type { Signal } from '@roofshot/runtime/signal';
import { Type } from 'typebox';
import { currentAliases, readHistory } from './alias-store.ts';
import { fail } from './errors.ts';
import { promote, removeAlias } from './move-alias.ts';
import type { RegistryPlatform } from './platform.ts';

const OneAlias = Type.Object({ model: Name, alias: Identifier });
const AliasAnswer = Type.Object({ alias: Identifier, version: Type.Integer(), revision: Type.Integer() });
const MovedAnswer = Type.Object({
  alias: Identifier,
  version: Type.Union([Type.Integer(), Type.Null()]),
  previous: Type.Union([Type.Integer(), Type.Null()]),
  revision: Type.Integer(),
  result: Type.Union([Type.Literal('moved'), Type.Literal('unchanged')]),
});

export function addAliasRoutes(http: HttpRoutes, platform: RegistryPlatform, changes: Signal): void {
  addReads(http, platform, changes);
  addMoves(http, platform);
}

function addReads(http: HttpRoutes, { sql }: RegistryPlatform, changes: Signal): void {
  http.route({
    method: 'GET',
    url: '/v1/models/:model/history',
    summary: 'Every move of every alias with who and why, newest first.',
    params: Type.Object({ model: Name }),
    response: AliasHistory,
    handler: async ({ params: { model } }) => ({ moves: await readHistory(sql, model) }),
  });
  http.route({
    method: 'GET',
    url: '/v1/models/:model/aliases',
    summary: 'What the aliases name now, or named at a past time.',
    params: Type.Object({ model: Name }),
    query: Type.Object({ asOf: Type.Optional(Timestamp) }),
    response: Type.Object({ items: Type.Array(AliasAnswer) }),
    handler: async ({ params: { model }, query: { asOf } }) => ({
      items: await currentAliases(sql, model, asOf === undefined ? null : new Date(asOf)),
    }),
  });
  http.route({
    method: 'GET',
    url: '/v1/models/:model/aliases/:alias',
    summary: 'What one alias names. With version and wait: held until it names that version.',
    params: OneAlias,
    query: Type.Object({ version: Type.Optional(ModelVersion), wait: Type.Optional(Wait) }),
    response: AliasAnswer,
    handler: async ({ params: { model, alias }, query: { version, wait }, signal }) => {
      const read = async (): Promise<{ alias: string; version: number; revision: number } | undefined> =>
        (await currentAliases(sql, model)).find((one) => one.alias === alias);
      await changes.waitUntil(async () => isNamed(await read(), version), { timeoutMs: waitMs(wait), signal });
      const found = await read();
      if (found === undefined) throw fail('not-found', `${model} has no alias ${alias}.`);
      return found;
    },
  });
}

const isNamed = (found: { version: number } | undefined, version: number | undefined): boolean =>
  found !== undefined && (version === undefined || found.version === version);

function addMoves(http: HttpRoutes, { transactions }: RegistryPlatform): void {
  http.route({
    method: 'PUT',
    url: '/v1/models/:model/aliases/:alias',
    summary: 'Moves an alias to an approved version. Refused when it names something else than `expected`.',
    params: OneAlias,
    body: SetAliasRequest,
    response: MovedAnswer,
    handler: ({ params, body, headers }) => transactions.run((tx) => promote(tx, { ...params, ...body, requestedBy: actorOf(headers) })),
  });
  http.route({
    method: 'DELETE',
    url: '/v1/models/:model/aliases/:alias',
    summary: 'Takes an alias away. Its history stays.',
    params: OneAlias,
    query: Type.Object({ reason: Reason }),
    response: MovedAnswer,
    handler: ({ params, query: { reason }, headers }) =>
      transactions.run((tx) => removeAlias(tx, { ...params, reason, requestedBy: actorOf(headers) })),
  });
}
