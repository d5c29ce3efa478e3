/** Making, listing and revoking write keys. */
import { Type } from 'typebox';
import { audit } from '@roofshot/contracts/audit';
import { CreatedWriteKey, NewWriteKey, WriteKeyAnswer } from '@roofshot/contracts/http/ingestion';
import type { Transactions } from '@roofshot/messaging/transactions';
import { actorOf } from '@roofshot/runtime/actor';
import { DomainError } from '@roofshot/runtime/errors';
import type { HttpRoutes } from '@roofshot/runtime/http';
import type { Sql } from '@roofshot/storage/sql';
import { insertKey, listKeys, revokeKey } from './write-key-store.ts';
import { hashOf, newKeyId, newSecret } from './write-key.ts';
import type { WriteKeys } from './write-keys.ts';

const PATH = '/v1/write-keys';

export interface WriteKeyRouteNeeds {
  readonly sql: Sql;
  readonly transactions: Transactions;
  readonly keys: WriteKeys;
}

export function addWriteKeyRoutes(http: HttpRoutes, needs: WriteKeyRouteNeeds): void {
  const { sql, transactions, keys } = needs;
  http.route({
    method: 'POST',
    url: PATH,
    summary: 'Makes a write key. The answer is the only place where it is ever told.',
    body: NewWriteKey,
    response: CreatedWriteKey,
    status: 201,
    handler: async ({ body, headers }) => {
      const created = { id: newKeyId(), name: body.name, key: newSecret() };
      await transactions.run(async (tx) => {
        if (!(await insertKey(tx, created.id, hashOf(created.key), body))) throw taken(body.name);
        tx.publish(audit, [audited('create-write-key', created.id, actorOf(headers), { ...body })]);
      });
      await keys.changed();
      return created;
    },
  });
  http.route({
    method: 'GET',
    url: PATH,
    summary: 'The write keys with their rights, limits and use; never the keys themselves.',
    response: Type.Object({ writeKeys: Type.Array(WriteKeyAnswer) }),
    handler: async () => ({ writeKeys: await listKeys(sql) }),
  });
  http.route({
    method: 'DELETE',
    url: `${PATH}/:id`,
    summary: 'Revokes a write key: with the answer nothing is taken under it any more.',
    params: Type.Object({ id: Type.String() }),
    status: 204,
    handler: async ({ params: { id }, headers }) => {
      await transactions.run(async (tx) => {
        if (!(await revokeKey(tx, id))) throw new DomainError('not-found', `There is no write key ${id}. GET ${PATH} lists them by id.`);
        tx.publish(audit, [audited('revoke-write-key', id, actorOf(headers), {})]);
      });
      await keys.changed();
      return null;
    },
  });
}

function taken(name: string): DomainError {
  return new DomainError('conflict', `There is a write key ${name} in force. Revoke it first, or choose another name. Nothing was made.`);
}

function audited(action: string, id: string, actor: string, detail: Record<string, unknown>): AuditEvent {
  const target = `WriteKey/${id}`;
  return { type: 'audit.recorded', subject: target, data: { actor, action, target, reason: '', detail } };
}

interface AuditEvent {
  readonly type: 'audit.recorded';
  readonly subject: string;
  readonly data: { actor: string; action: string; target: string; reason: string; detail: Record<string, unknown> };
}
