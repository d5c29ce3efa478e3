/** Requests and answers about changed feature views that are computed beside the ones in force. */
import { Type, type Static } from 'typebox';
import { BackfillAction, BackfillReport, BackfillState } from '../features.ts';
import { Name, Timestamp } from '../ids.ts';

/** `GET /v1/feature-backfills/{view}?wait=<duration>`: held until it is no longer running. */
export const BackfillAnswer = Type.Object({
  view: Name,
  /** The generation that is computed, and the one that answers until then. */
  generation: Type.Integer(),
  from: Type.Integer(),
  state: BackfillState,
  /** Records of the log that it has folded, and all that there are. */
  position: Type.Integer(),
  end: Type.Integer(),
  startedAt: Timestamp,
  finishedAt: Type.Union([Timestamp, Type.Null()]),
  report: Type.Union([BackfillReport, Type.Null()]),
});
export type BackfillAnswer = Static<typeof BackfillAnswer>;
export const BackfillList = Type.Object({ items: Type.Array(BackfillAnswer) });
/** `POST /v1/feature-backfills/{view}`. */
export const BackfillOrder = Type.Object({
  action: BackfillAction,
  /** Refused when another generation is computed by now. Absent: whichever is. */
  generation: Type.Optional(Type.Integer({ minimum: 1 })),
});
