import { ServerRefusal } from '@roofshot/storage/sql-errors';
import type { Sql } from '@roofshot/storage/sql';
import { prepareMessagingSchema } from './postgres-schema.ts';

export type AgreedPort = 'EVENTS_URL' | 'COMMANDS_URL';

/** Which log or queue a key of the environment leads to. */
export interface PortIdentity {
  /** The same for all who reach it, by whatever address. */
  readonly mark: string;
  /** For people, without secrets: `Kafka at host:9092`. */
  readonly name: string;
}

interface Agreed extends PortIdentity {
  readonly saidBy: string;
  readonly agreedAt: Date;
}

/** Where nothing else is set. Without an identity of the database, which would be another one after it was restored elsewhere. */
export const inServicesDatabase = (what: string): PortIdentity => ({
  mark: 'services database',
  name: `${what} in the services' own database`,
});

/**
 * Processes on one database must hear each other: the first that starts there says which log (or queue) it uses, all others must use the
 * same. Throws `ServerRefusal` that names both, with the remedy. `saidBy`: the services of this process.
 */
export async function agreeOnPort(sql: Sql, port: AgreedPort, own: PortIdentity, saidBy: string): Promise<void> {
  await prepareTable(sql);
  await sql.query(
    `INSERT INTO messaging.agreed_ports (port, mark, name, said_by, agreed_at) VALUES ($1, $2, $3, $4, now()) ON CONFLICT DO NOTHING`,
    [port, own.mark, own.name, saidBy],
  );
  const [agreed] = await sql.query<Agreed>(
    `SELECT mark, name, said_by AS "saidBy", agreed_at AS "agreedAt" FROM messaging.agreed_ports WHERE port = $1`,
    [port],
  );
  if (agreed !== undefined && agreed.mark !== own.mark) throw refusal(port, own, agreed, sql.where);
}

/** The schema's migrations take a connection of their own, which a start need not make where they have run. */
async function prepareTable(sql: Sql): Promise<void> {
  const [found] = await sql.query<{ there: boolean }>(`SELECT to_regclass('messaging.agreed_ports') IS NOT NULL AS there`);
  if (found?.there !== true) await prepareMessagingSchema(sql);
}

function refusal(port: AgreedPort, own: PortIdentity, { name, saidBy, agreedAt }: Agreed, where: string): ServerRefusal {
  return new ServerRefusal(
    `${port} leads to ${own.name}, but other processes on the database ${where} use ${name} (${saidBy} said so first, on ` +
      `${agreedAt.toISOString()}); neither would hear what the other says. Set ${port} to the same in all of them (unset, it means the ` +
      `services' own database). If all are to move, stop them, run DELETE FROM messaging.agreed_ports WHERE port = '${port}' there, and start them anew.`,
  );
}
