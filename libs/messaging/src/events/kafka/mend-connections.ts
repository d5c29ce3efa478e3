import Connection from 'kafkajs/src/network/connection.js';

const FRAME_LENGTH_BYTES = 4;

/**
 * Two faults of kafkajs 2.2.4 after which a client stands still without an error of its own:
 *
 * - A request that is not answered in time is given up, and its connection is used on. Where a router or a firewall has forgotten that, nothing
 *   tells either end, and each further request waits out its time there, until the system gives up after a quarter of an hour. Here it is
 *   dropped with all that waits for it, and the next request makes a new one.
 * - What has come of an answer when its connection breaks is taken for the beginning of the next connection's first one: from then on lengths
 *   are read from the middle of answers. Here each connection begins with nothing, and hears nothing of the one before.
 */
export function mendConnections(): void {
  const { prototype } = Connection;
  if (mended.has(prototype)) return;
  mended.add(prototype);
  const { send, connect, disconnect } = prototype;
  prototype.send = async function sendOrDrop(call) {
    const { socket } = this;
    try {
      return await send.call(this, call);
    } catch (error) {
      if (error instanceof Error && error.name === 'KafkaJSRequestTimeoutError') await drop(this, socket, error);
      throw error;
    }
  };
  prototype.connect = function connectAnew() {
    if (!this.isConnected()) forgetPieces(this);
    return connect.call(this);
  };
  prototype.disconnect = async function disconnectAndHearNoMore() {
    const { socket } = this;
    const done = await disconnect.call(this);
    socket?.removeAllListeners('data').resume();
    return done;
  };
}

const mended = new WeakSet<object>();

function forgetPieces(connection: Connection): void {
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = FRAME_LENGTH_BYTES;
}

/** Unless another request has dropped it before, and a new one is in its place. */
async function drop(connection: Connection, socket: Connection['socket'], error: Error): Promise<void> {
  if (connection.socket !== socket || socket === undefined || socket.destroyed) return;
  socket.destroy();
  connection.rejectRequests(error);
  await connection.disconnect();
}
