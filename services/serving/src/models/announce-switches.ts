/** Says `deployment.switched` once for each move of an alias and deployment, whatever the number of processes and restarts. */
import { setTimeout as delay } from 'node:timers/promises';
import { deployments } from '@roofshot/contracts/deployments';
import type { Tx } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import type { Logger } from '@roofshot/telemetry/logger';
import type { Switch } from './switchboard.ts';

export interface DeploymentSwitch extends Switch {
  readonly deployment: string;
}

const PAUSES_MS = [100, 1_000, 5_000, 20_000];

export class AnnounceSwitches {
  readonly #transactions: Transactions;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  /** One after the other, so that they are said in the order in which they happened. */
  #last: Promise<void> = Promise.resolve();

  constructor({ transactions, log }: { readonly transactions: Transactions; readonly log: Logger }) {
    this.#transactions = transactions;
    this.#log = log;
  }

  /** Returns at once. Tried for half a minute; what could not be said by then is said after the next start, when aliases are followed again. */
  announce(switched: DeploymentSwitch): void {
    this.#last = this.#last.then(() => this.#say(switched));
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#last;
  }

  async #say(switched: DeploymentSwitch): Promise<void> {
    for (const pause of [...PAUSES_MS, undefined]) {
      try {
        return await this.#transactions.run((tx) => recordSwitch(tx, switched));
      } catch (error) {
        const isLast = pause === undefined;
        this.#log[isLast ? 'error' : 'warn']('A switch could not be announced.', {
          'labels.deployment': switched.deployment,
          'labels.alias': switched.alias,
          error,
        });
        if (isLast || this.#stopping.signal.aborted) return;
        await delay(pause, undefined, { signal: this.#stopping.signal }).catch(() => undefined); // stopped: tried once more
      }
    }
  }
}

async function recordSwitch(tx: Tx, switched: DeploymentSwitch): Promise<void> {
  const { deployment: name, model, alias, version, revision, milliseconds } = switched;
  const key = [name, alias, model];
  const [kept] = await tx.query<{ version: number | null }>(
    `SELECT version FROM serving.switches WHERE deployment = $1 AND alias = $2 AND model = $3 FOR UPDATE`,
    key,
  );
  const isNews = await tx.query(
    `INSERT INTO serving.switches AS s (deployment, alias, model, version, alias_revision) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (deployment, alias, model) DO UPDATE SET version = excluded.version, alias_revision = excluded.alias_revision
     WHERE excluded.alias_revision > s.alias_revision RETURNING 1`,
    [...key, version, revision],
  );
  if (isNews.length === 0) return;
  const data = { name, model, alias, version, previous: kept?.version ?? null, milliseconds };
  tx.publish(deployments, [{ type: 'deployment.switched', id: `${name}/${model}/${alias}/${revision}`, data }]);
}
