/** `GET /v1/event-types/{name}/types.ts` and `types.py`: an event type in the language of those who read or send it. */
import { Closed } from '@roofshot/contracts/define';
import { Name } from '@roofshot/contracts/ids';
import { DomainError } from '@roofshot/runtime/errors';
import type { HttpRoutes } from '@roofshot/runtime/http';
import type { Sql } from '@roofshot/storage/sql';
import { Type } from 'typebox';
import type { EventTypes } from '../event-types.ts';
import { findTypedEvent } from './find-typed-event.ts';
import type { TypedEvent } from './typed-event.ts';
import { writePython } from './write-python.ts';
import { writeTypeScript } from './write-typescript.ts';

const TEXT = 'text/plain; charset=utf-8';

interface Language {
  readonly file: string;
  readonly title: string;
  readonly write: (type: TypedEvent) => string;
}

const LANGUAGES: readonly Language[] = [
  { file: 'types.ts', title: 'TypeScript types', write: writeTypeScript },
  { file: 'types.py', title: 'Python types (TypedDict)', write: writePython },
];

export function addTypeRoutes(http: HttpRoutes, sql: Sql, types: EventTypes): void {
  for (const { file, title, write } of LANGUAGES) {
    http.route({
      method: 'GET',
      url: `/v1/event-types/:name/${file}`,
      summary: `${title} of an event and its data, made from the JSON Schema in force, or from an earlier one by its number.`,
      params: Type.Object({ name: Name }),
      query: Closed({ version: Type.Optional(Type.Integer({ minimum: 1, description: 'As in /subjects/{name}-value/versions.' })) }),
      response: Type.String(),
      produces: TEXT,
      handler: async ({ params: { name }, query: { version }, reply }) => {
        const type = await findTypedEvent(sql, await types.current(), { name, version });
        void reply.type(TEXT);
        return written(type, write);
      },
    });
  }
}

/** A schema that an earlier version of the platform took may be one that this one cannot read. */
function written(type: TypedEvent, write: Language['write']): string {
  try {
    return write(type);
  } catch (error) {
    const { eventType, version } = type;
    throw new DomainError(
      'invalid-resource',
      `Schema ${version} of the event type ${eventType} cannot be read: ${(error as Error).message}. Correct the schema and apply it; an earlier one is asked for by ?version=.`,
    );
  }
}
