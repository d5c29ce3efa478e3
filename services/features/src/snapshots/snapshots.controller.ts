import { Controller } from '@nestjs/common';
import { BuildTrainingSnapshot } from '@roofshot/contracts/features';
import { SnapshotAnswer, SnapshotOrdered } from '@roofshot/contracts/http/features';
import { RunId } from '@roofshot/contracts/ids';
import { Wait, waitMs } from '@roofshot/runtime/durations';
import { HttpRoutes } from '@roofshot/runtime/http';
import { Type } from 'typebox';
import { answerSnapshot } from './answer-snapshot.ts';
import { Snapshots } from './snapshots.ts';

@Controller()
export class SnapshotsController {
  constructor(http: HttpRoutes, snapshots: Snapshots) {
    http.route({
      method: 'POST',
      url: '/v1/training-snapshots',
      summary: 'Orders a training snapshot; the same id again is the same snapshot.',
      body: BuildTrainingSnapshot.schema,
      response: SnapshotOrdered,
      status: 202,
      handler: async ({ body }) => {
        await snapshots.order(body);
        return { snapshotId: body.snapshotId };
      },
    });
    http.route({
      method: 'GET',
      url: '/v1/training-snapshots/:id',
      summary: 'One training snapshot; with `wait`, held until it has ended.',
      params: Type.Object({ id: RunId }),
      query: Type.Object({ wait: Type.Optional(Wait) }),
      response: SnapshotAnswer,
      handler: async ({ params: { id }, query: { wait }, signal }) =>
        answerSnapshot(id, await snapshots.findEnded(id, { timeoutMs: waitMs(wait), signal })),
    });
  }
}
