/** A finished training run becomes an immutable version, once. */
import { modelVersions } from '@roofshot/contracts/models';
import { done, skip, type Outcome, type Tx } from '@roofshot/messaging/handlers';
import { findVersionOfRun, insertVersion, lockModel, type Finished } from './version-store.ts';

export async function registerVersion(run: Finished, tx: Tx): Promise<Outcome> {
  await lockModel(tx, run.model);
  const known = await findVersionOfRun(tx, run.model, run.runId);
  if (known !== undefined) return skip(`Run ${run.runId} is version ${known.version} already.`);
  const version = await insertVersion(tx, run);
  const { model, runId, artifact, signature, params, metrics, lineage } = run;
  const data = { model, version, runId, artifact, signature, params, metrics, lineage };
  tx.publish(modelVersions, [{ type: 'model-version.registered', subject: model, data }]);
  return done();
}
