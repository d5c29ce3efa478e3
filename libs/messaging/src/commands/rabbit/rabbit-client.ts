import { connect, type ChannelModel } from 'amqplib';
import { LostConnection } from '@roofshot/storage/sql-errors';
import { describeNode, type RabbitAddress, type RabbitNode } from './rabbit-url.ts';

/** Also of the handshake: a broker that is frozen or starting accepts connections and says nothing. */
const CONNECT_MS = 5_000;
/** The first with delays in quorum queues and dead letters that survive a crash of the broker. */
const OLDEST = [3, 10] as const;

/**
 * Connects to one of the nodes. Throws `LostConnection` when none answers, and a sentence with the remedy when RabbitMQ refuses what
 * the URL says or is too old.
 */
export async function connectRabbit(address: RabbitAddress, name: string): Promise<ChannelModel> {
  const failures: unknown[] = [];
  for (const node of shuffled(address.nodes)) {
    try {
      return await connectNode(address, node, name);
    } catch (error) {
      if (!(error instanceof LostConnection)) throw error;
      failures.push(error);
    }
  }
  throw failures[0];
}

/** Ends a connection without asking the broker, which may be frozen. */
export function destroyConnection(model: ChannelModel): void {
  (model.connection as unknown as { readonly stream: { destroy(): void } }).stream.destroy();
}

async function connectNode(
  { tls, user, password, vhost, heartbeatSeconds }: RabbitAddress,
  node: RabbitNode,
  name: string,
): Promise<ChannelModel> {
  const url = {
    protocol: tls ? 'amqps' : 'amqp',
    hostname: node.host,
    port: node.port,
    username: user,
    password,
    vhost,
    heartbeat: heartbeatSeconds,
  };
  let model: ChannelModel;
  try {
    model = await connect(url, { noDelay: true, keepAlive: true, timeout: CONNECT_MS, clientProperties: { connection_name: name } });
  } catch (error) {
    throw refusal(error, { user, vhost }, describeNode(node));
  }
  model.on('error', () => undefined); // it is told with its end
  const fault = faultOf(model);
  if (fault === undefined) return model;
  await model.close();
  throw new Error(`The broker at ${describeNode(node)} (COMMANDS_URL) ${fault}`);
}

function faultOf({ connection }: ChannelModel): string | undefined {
  const { product, version } = connection.serverProperties as { readonly product?: string; readonly version?: string };
  if (product !== 'RabbitMQ')
    return `is ${product ?? 'unknown'} and no RabbitMQ: quorum queues are needed. Use RabbitMQ ${OLDEST.join('.')} or later.`;
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return `is RabbitMQ ${version}, whose quorum queues know no delays. Upgrade it to ${OLDEST.join('.')} or later.`;
}

/** amqplib tells refusals by words only, and that of a vhost by what it had expected instead. */
function refusal(error: unknown, { user, vhost }: { readonly user: string; readonly vhost: string }, where: string): Error {
  const reason = error instanceof Error ? error.message.trim() : String(error);
  if (/ACCESS.REFUSED/.test(reason))
    return new Error(`RabbitMQ at ${where} refuses the user "${user}" or its password. Correct them in COMMANDS_URL, percent-encoded.`, {
      cause: error,
    });
  if (/Expected ConnectionOpenOk|NOT.ALLOWED/.test(reason)) {
    return new Error(
      `RabbitMQ at ${where} does not let the user "${user}" into the virtual host "${vhost}": it does not exist, or the user has no rights there. ` +
        `Create it (rabbitmqctl add_vhost, rabbitmqctl set_permissions), or correct the path in COMMANDS_URL.`,
      { cause: error },
    );
  }
  if (/SSL|certificate|CERT|maxFrameSize|frame/i.test(reason)) {
    return new Error(
      `What answers at ${where} (COMMANDS_URL) cannot be spoken to: ${reason}. amqps:// is for a TLS port (a certificate of your own: NODE_EXTRA_CA_CERTS), amqp:// for a plain one.`,
      { cause: error },
    );
  }
  return lostRabbit(`No RabbitMQ answers at ${where} (COMMANDS_URL): ${reason}. Start it, or correct the address.`, 'not applied', error);
}

/** RabbitMQ does not answer, which passes: whoever asked may ask again. */
export function lostRabbit(message: string, outcome: LostConnection['outcome'], cause?: unknown): LostConnection {
  return new LostConnection(message, outcome, { cause, server: 'RabbitMQ' });
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
