import { Frames, lengthAt, type Wire } from './wire.ts';

const QUERY = 'Q';
const PARSE = 'P';
const COMMAND_COMPLETE = 'C';
const TYPE = 1;
const LENGTH = 4;

/**
 * PostgreSQL's protocol 3.0, without TLS. A statement goes by its first word: COMMIT from the client is the wish, COMMIT from the server
 * says that it is done. https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function postgresWire(): Wire {
  let greeted = false;
  const client = new Frames((bytes) => (greeted ? lengthAt(TYPE, TYPE)(bytes) : lengthAt(0, 0)(bytes)));
  const server = new Frames(lengthAt(TYPE, TYPE));
  return {
    client: (piece) => {
      // The first message has no type; whoever sends it waits for an answer before the next.
      const frames = client.push(piece);
      const first = !greeted && frames.length > 0;
      greeted ||= frames.length > 0;
      return frames.map((bytes, index) => ({ side: 'client', name: first && index === 0 ? '' : wishIn(bytes), bytes }));
    },
    server: (piece) => server.push(piece).map((bytes) => ({ side: 'server', name: doneIn(bytes), bytes })),
  };
}

function wishIn(bytes: Buffer): string {
  const type = String.fromCharCode(bytes[0] ?? 0);
  if (type === QUERY) return firstWord(bytes.toString('utf8', TYPE + LENGTH));
  if (type === PARSE) return firstWord(bytes.toString('utf8', bytes.indexOf(0, TYPE + LENGTH) + 1));
  return '';
}

function doneIn(bytes: Buffer): string {
  return String.fromCharCode(bytes[0] ?? 0) === COMMAND_COMPLETE ? firstWord(bytes.toString('utf8', TYPE + LENGTH)) : '';
}

function firstWord(text: string): string {
  return (/^\s*([a-z]+)/i.exec(text)?.[1] ?? '').toUpperCase();
}
