import { Controller, Inject } from '@nestjs/common';
import { BackfillAnswer, BackfillList, BackfillOrder } from '@roofshot/contracts/http/backfills';
import { Name } from '@roofshot/contracts/ids';
import { Wait, waitMs } from '@roofshot/runtime/durations';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { Type } from 'typebox';
import { ActiveViews } from '../active-views.ts';
import { answerBackfills, orderBackfill, waitForBackfill } from './answer-backfill.ts';
import { Backfills } from './backfills.ts';

@Controller()
export class BackfillsController {
  constructor(http: HttpRoutes, backfills: Backfills, views: ActiveViews, @Inject(PLATFORM) platform: Platform<'events' | 'sql'>) {
    const setup = { ...platform, views, backfills };
    http.route({
      method: 'GET',
      url: '/v1/feature-backfills',
      summary: 'Changed feature views, computed beside the ones in force.',
      response: BackfillList,
      handler: async () => ({ items: await answerBackfills(setup) }),
    });
    http.route({
      method: 'GET',
      url: '/v1/feature-backfills/:view',
      summary: 'One of them; with `wait`, held until it is no longer running.',
      params: Type.Object({ view: Name }),
      query: Type.Object({ wait: Type.Optional(Wait) }),
      response: BackfillAnswer,
      handler: ({ params: { view }, query: { wait }, signal }) => waitForBackfill(setup, view, { timeoutMs: waitMs(wait), signal }),
    });
    http.route({
      method: 'POST',
      url: '/v1/feature-backfills/:view',
      summary: 'Pauses, resumes, cancels it, or puts it in the place of the one in force.',
      params: Type.Object({ view: Name }),
      body: BackfillOrder,
      response: BackfillAnswer,
      handler: ({ params: { view }, body }) => orderBackfill(setup, view, body),
    });
  }
}
