import { Controller, Inject } from '@nestjs/common';
import { topicOf } from '@roofshot/contracts/events';
import { DeclaredChannels } from '@roofshot/runtime/declared-channels';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { EventTypes } from '../event-types.ts';
import { readDeclaredSchemas } from './find-typed-event.ts';
import { addTypeRoutes } from './type-routes.ts';

@Controller()
export class TypesController {
  constructor(http: HttpRoutes, types: EventTypes, channels: DeclaredChannels, @Inject(PLATFORM) { sql }: Platform<'sql'>) {
    addTypeRoutes(http, sql, types);
    channels.add(async () =>
      (await readDeclaredSchemas(sql)).map(({ name, description, schema }) => ({
        address: topicOf(name),
        description:
          description ?? `The accepted events of the type ${name}, by subject. Control records \`source.progressed\` lie among them.`,
        type: name,
        schema,
      })),
    );
  }
}
