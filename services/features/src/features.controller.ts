import { Controller, Inject } from '@nestjs/common';
import {
  ParkedEvents,
  PreviewAnswer,
  PreviewView,
  ProgressAnswer,
  ReadFeatures,
  ReadFeaturesAnswer,
} from '@roofshot/contracts/http/features';
import { Name, Timestamp } from '@roofshot/contracts/ids';
import { Wait, waitMs } from '@roofshot/runtime/durations';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { ErasedSubjects } from '@roofshot/storage/erased-subjects';
import { Type } from 'typebox';
import { PageLimit } from '@roofshot/contracts/http/common';
import { describeParked } from './describe-parked.ts';
import { previewView } from './preview-view.ts';
import { Progress } from './progress.ts';
import { CurrentDefinitions } from './read-definitions.ts';
import { readFeatures } from './read-features.ts';

@Controller()
export class FeaturesController {
  constructor(
    http: HttpRoutes,
    progress: Progress,
    definitions: CurrentDefinitions,
    @Inject(PLATFORM) platform: Platform<'events' | 'online' | 'sql'>,
  ) {
    const { name, events, online, sql, clock } = platform;
    const erased = new ErasedSubjects(name);
    http.route({
      method: 'GET',
      url: '/v1/features/progress',
      summary: 'How far features are in event time; held until everything before `at` is applied.',
      query: Type.Object({ at: Type.Optional(Timestamp), wait: Type.Optional(Wait) }),
      response: ProgressAnswer,
      handler: ({ query: { at, wait }, signal }) =>
        progress.answer(at === undefined ? null : Date.parse(at), { timeoutMs: waitMs(wait), signal }),
    });
    http.route({
      method: 'POST',
      url: '/v1/features/read',
      summary: 'Feature vectors with statuses and ages, as serving reads them.',
      body: ReadFeatures,
      response: ReadFeaturesAnswer,
      handler: async ({ body }) => ({ vectors: await readFeatures(body, await definitions.read(), { online, now: clock() }) }),
    });
    http.route({
      method: 'GET',
      url: '/v1/feature-views/:name/parked-events',
      summary: 'Events that the view could not read, with the reason; a corrected view reads them again.',
      params: Type.Object({ name: Name }),
      query: Type.Object({ limit: Type.Optional(PageLimit) }),
      response: ParkedEvents,
      handler: async ({ params: { name: view }, query: { limit } }) =>
        describeParked(view, await definitions.read(), { sql, limit: limit ?? 50 }),
    });
    http.route({
      method: 'POST',
      url: '/v1/feature-views/preview',
      summary: 'Values of a feature view on the last events, before anything is applied.',
      body: PreviewView,
      response: PreviewAnswer,
      handler: async ({ body }) =>
        previewView({ ...body, events: body.events ?? 100 }, await definitions.read(), {
          events,
          isErased: await erased.read(sql),
        }),
    });
  }
}
