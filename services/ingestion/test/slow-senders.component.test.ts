/** Who sends slowly, or not to the end, keeps nobody else from being answered. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { BATCH, event, IngestionLab } from './ingestion-lab.ts';

const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

/** A request whose body is begun and never sent on. */
async function beginBody(bytes: number): Promise<Socket> {
  const { hostname, port } = new URL(lab.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = `POST /v1/events HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: ${BATCH}\r\ncontent-length: ${bytes}\r\n\r\n[`;
  await new Promise((sent) => socket.write(head, sent));
  return socket;
}

describe.each([
  ['hundreds of small bodies', 700, 120_000],
  ['bodies that together would fill the room', 10, 15 * 1024 * 1024],
])('while %s are begun and not sent on', (_, connections, bytes) => {
  it('others are answered', async () => {
    const slow = await Promise.all(Array.from({ length: connections }, () => beginBody(bytes)));
    for (let n = 0; n < 20; n += 1) expect(await lab.post([event()])).toMatchObject({ status: 202 });
    const large = Array.from({ length: 2_000 }, () => event({ data: { amount: 1, note: 'x'.repeat(200) } }));
    expect(await lab.post(large)).toMatchObject({ status: 202, body: { accepted: 2_000 } });
    for (const socket of slow) socket.destroy();
  });
});
