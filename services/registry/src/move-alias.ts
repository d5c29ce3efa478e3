/** Moves of aliases, each with who and why, under the model's lock: two movers can never both think they were first. */
import { audit } from '@roofshot/contracts/audit';
import type { DataOf } from '@roofshot/contracts/define';
import { modelVersions, type PromoteModelVersion, type RollBackModelVersion } from '@roofshot/contracts/models';
import type { Tx } from '@roofshot/messaging/handlers';
import { rollBackTarget, versionOf, type Move } from './alias-moves.ts';
import { insertMove, listMoves } from './alias-store.ts';
import { fail } from './errors.ts';
import { findVersion, listVersions, lockModel, type Version } from './version-store.ts';

export type Promotion = Omit<DataOf<typeof PromoteModelVersion>, 'commandId'>;
export type RollBack = Omit<DataOf<typeof RollBackModelVersion>, 'commandId'>;

export interface Moved {
  readonly alias: string;
  readonly version: number | null;
  readonly previous: number | null;
  readonly revision: number;
  readonly result: 'moved' | 'unchanged';
}

/** Throws `not-found`, `not-approved`, or `alias-moved` when the alias names something else than was expected. */
export async function promote(tx: Tx, promotion: Promotion): Promise<Moved> {
  const { model, alias, expected } = promotion;
  await lockModel(tx, model);
  const version = await approvedVersion(tx, model, promotion.version);
  const moves = await listMoves(tx, model, alias);
  const current = versionOf(moves);
  if (expected !== undefined && expected !== current) {
    throw fail(
      'alias-moved',
      `${alias} of ${model} names ${named(current)}, not ${named(expected)} as expected. Look at what happened, then decide again.`,
      { current },
    );
  }
  if (current === version.version) return { alias, version: current, previous: current, revision: moves.length, result: 'unchanged' };
  return write(tx, version, { ...promotion, kind: 'promoted', moves });
}

/** Back to what the alias named before. Nothing happens, with the reason, when it no longer names `from`. Throws `nothing-before`. */
export async function rollBack(tx: Tx, order: RollBack): Promise<Moved | { readonly skipped: string }> {
  const { model, alias, from } = order;
  await lockModel(tx, model);
  const moves = await listMoves(tx, model, alias);
  const current = versionOf(moves);
  if (current !== from) return { skipped: `${alias} of ${model} names ${named(current)} by now, not ${named(from)}.` };
  const target = rollBackTarget(moves);
  if (target === null)
    throw fail('nothing-before', `${alias} of ${model} named nothing before ${named(from)}: promote a version, or remove the alias.`);
  return write(tx, await approvedVersion(tx, model, target), { ...order, kind: 'rolled-back', moves });
}

/** Throws `not-found` when the alias is unset. */
export async function removeAlias(
  tx: Tx,
  order: { readonly model: string; readonly alias: string; readonly reason: string; readonly requestedBy: string },
): Promise<Moved> {
  const { model, alias, reason, requestedBy } = order;
  await lockModel(tx, model);
  const moves = await listMoves(tx, model, alias);
  const previous = versionOf(moves);
  if (previous === null) throw fail('not-found', `${model} has no alias ${alias}.`);
  const revision = moves.length + 1;
  await insertMove(tx, { ...order, revision, version: null, previous, kind: 'removed' });
  tx.publish(modelVersions, [
    { type: 'model-alias.removed', subject: model, data: { model, alias, aliasRevision: revision, reason, requestedBy } },
  ]);
  tx.publish(audit, [
    {
      type: 'audit.recorded',
      data: { actor: requestedBy, action: 'remove-alias', target: `${model}/${alias}`, reason, detail: { previous } },
    },
  ]);
  return { alias, version: null, previous, revision, result: 'moved' };
}

interface Act {
  readonly alias: string;
  readonly kind: 'promoted' | 'rolled-back';
  readonly moves: readonly Move[];
  readonly reason: string;
  readonly requestedBy: string;
  readonly guardrail?: string;
}

async function write(tx: Tx, { model, version, artifact, signature }: Version, act: Act): Promise<Moved> {
  const { alias, kind, moves, reason, requestedBy, guardrail } = act;
  const previous = versionOf(moves);
  const revision = moves.length + 1;
  await insertMove(tx, { model, alias, revision, version, previous, kind, reason, requestedBy });
  const data = { model, version, alias, previous, artifact, signature, aliasRevision: revision, reason, requestedBy };
  if (kind === 'promoted') tx.publish(modelVersions, [{ type: 'model-version.promoted', subject: model, data }]);
  else
    tx.publish(modelVersions, [
      { type: 'model-version.rolled-back', subject: model, data: { ...data, ...(guardrail !== undefined && { guardrail }) } },
    ]);
  const action = kind === 'promoted' ? 'promote' : 'roll-back';
  tx.publish(audit, [
    { type: 'audit.recorded', data: { actor: requestedBy, action, target: `${model}/${version}`, reason, detail: { alias, previous } } },
  ]);
  return { alias, version, previous, revision, result: 'moved' };
}

async function approvedVersion(tx: Tx, model: string, version: number): Promise<Version> {
  const found = await findVersion(tx, model, version);
  if (found === undefined) {
    const known = (await listVersions(tx, model)).map((one) => one.version).join(', ');
    throw fail(
      'not-found',
      `${model} has no version ${version}. ${known === '' ? 'It has none yet: train it first.' : `It has ${known}.`}`,
    );
  }
  if (found.state === 'approved') return found;
  const why =
    found.state === 'registered'
      ? 'its admission has not ended yet'
      : `it was refused: ${found.checks
          .filter((check) => !check.passed)
          .map((check) => check.detail)
          .join('; ')}`;
  throw fail('not-approved', `Version ${version} of ${model} may not answer: ${why}.`);
}

const named = (version: number | null): string => (version === null ? 'nothing' : `version ${version}`);
