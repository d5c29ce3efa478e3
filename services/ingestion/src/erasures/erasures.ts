/**
 * Erasing a subject everywhere: an order to each service that keeps something of subjects, and an account of what each has done. The orders
 * leave in the transaction that takes the request; each service answers with `subject.erased`.
 */
import { randomUUID } from 'node:crypto';
import { audit } from '@roofshot/contracts/audit';
import type { DataOf, EventOf } from '@roofshot/contracts/define';
import {
  EraseExperimentsSubject,
  EraseFeaturesSubject,
  EraseIngestionSubject,
  erasures,
  EraseServingSubject,
  type SubjectErased,
} from '@roofshot/contracts/erasures';
import type { ErasureAnswer, NewErasure } from '@roofshot/contracts/http/erasures';
import { done, type NewEventOf, type Outcome, type Tx } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import { DomainError } from '@roofshot/runtime/errors';
import { openSecretHash, type SecretHash } from '@roofshot/storage/secret-hash';
import type { Sql } from '@roofshot/storage/sql';
import { addErasure, endErasure, endPart, findErasure, listParts, timeOfErasure, type ErasurePart } from './erasure-store.ts';

export const ERASURE_COMMANDS = [EraseIngestionSubject, EraseFeaturesSubject, EraseServingSubject, EraseExperimentsSubject] as const;
const SERVICES = ERASURE_COMMANDS.map(({ owner }) => owner);

/** True of every erasure, whatever the services do. */
const KEPT_ALWAYS: ErasureAnswer['kept'] = [
  { store: 'models', reason: 'A trained model keeps what it has learnt; train it again on a snapshot that is built after the erasure.' },
  {
    store: 'sums',
    reason:
      'Features of other entities and statistics of experiments are sums over many; what the subject added is in them without its name.',
  },
  {
    store: 'data of other subjects',
    reason: 'An event that names the subject only within its data lies under the subject that it is about; erase that one.',
  },
  { store: 'copies', reason: 'Consumers of the streams, backups, and shipped logs are outside of what the platform reaches.' },
];

export interface ErasuresSetup {
  readonly sql: Sql;
  readonly transactions: Transactions;
}

export class Erasures {
  readonly #setup: ErasuresSetup;
  #hash: SecretHash | undefined;

  constructor(setup: ErasuresSetup) {
    this.#setup = setup;
  }

  /** Takes a request; one that was taken before (same subject and request id) is the same erasure. */
  async start({ subject, types, reason = '', requestId = randomUUID() }: NewErasure, requestedBy: string): Promise<ErasureAnswer> {
    const { sql, transactions } = this.#setup;
    const hash = (this.#hash ??= await openSecretHash(sql, 'ingestion'));
    const id = `era_${hex(hash(`erasure ${subject.length}:${subject}${requestId}`))}`;
    await transactions.run(async (tx) => {
      const until = await timeOfErasure(tx);
      if (!(await addErasure(tx, { id, subject, types, requestedBy, until }, SERVICES))) return;
      const order = { erasureId: id, subject, erasedAt: new Date(until).toISOString(), ...(types !== undefined && { types }) };
      for (const command of ERASURE_COMMANDS) tx.send(command, order);
      const target = `Subject/${hex(hash(`subject ${subject}`))}`;
      tx.publish(audit, [audited(id, { actor: requestedBy, target, reason, detail: { erasureId: id, types: types ?? null } })]);
    });
    return this.find(id);
  }

  async find(id: string): Promise<ErasureAnswer> {
    const row = await findErasure(this.#setup.sql, id);
    if (row === undefined) throw new DomainError('not-found', `There is no erasure ${id}. POST /v1/erasures answers the id of each.`);
    const parts = await listParts(this.#setup.sql, id);
    return {
      id,
      state: row.finishedAt === null ? 'running' : 'finished',
      erasedAt: new Date(row.until).toISOString(),
      types: row.types,
      requestedBy: row.requestedBy,
      finishedAt: row.finishedAt?.toISOString() ?? null,
      services: parts.map(answerOf),
      kept: KEPT_ALWAYS,
    };
  }

  /** A service has done its part. */
  async settle({ data }: EventOf<typeof SubjectErased>, tx: Tx): Promise<Outcome> {
    await endPart(tx, data);
    if (!(await endErasure(tx, data.erasureId))) return done();
    const parts = await listParts(tx, data.erasureId);
    tx.publish(erasures, [finished(data, parts)]);
    return done();
  }
}

function answerOf({ service, erased, kept, doneAt }: ErasurePart): ErasureAnswer['services'][number] {
  return {
    service,
    state: doneAt === null ? 'waiting' : 'done',
    erased: erased ?? {},
    kept: kept ?? [],
    doneAt: doneAt?.toISOString() ?? null,
  };
}

function finished({ erasureId }: DataOf<typeof SubjectErased>, parts: readonly ErasurePart[]): NewEventOf<typeof erasures> {
  const data = { erasureId, services: parts.map(({ service }) => service), hasKept: parts.some(({ kept }) => (kept ?? []).length > 0) };
  return { id: `${erasureId}/finished`, type: 'erasure.finished', subject: erasureId, data };
}

function audited(
  id: string,
  { actor, target, reason, detail }: { actor: string; target: string; reason: string; detail: Record<string, unknown> },
): NewEventOf<typeof audit> {
  return { id: `${id}/requested`, type: 'audit.recorded', subject: target, data: { actor, action: 'erase', target, reason, detail } };
}

/** 128 bits: ids of two requests meet once in 2^64. */
const hex = (hash: Buffer): string => hash.toString('hex', 0, 16);
