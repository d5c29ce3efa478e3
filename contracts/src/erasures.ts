/** Erasing what is kept of one subject: the orders to the services, and what they say when they have done it. Nothing here names the subject afterwards. */
import { Type } from 'typebox';
import { defineCommand, defineEvent, defineTopic } from './define.ts';
import { Name, SubjectId, Timestamp } from './ids.ts';

/** Derived from the subject and the request, and tells neither. */
export const ErasureId = Type.String({ pattern: '^era_[0-9a-f]{32}$' });

const Order = Type.Object({
  erasureId: ErasureId,
  subject: SubjectId,
  /** Event types that it is limited to; absent: everything of the subject. */
  types: Type.Optional(Type.Array(Name, { minItems: 1 })),
  /** What became known until then is erased; what becomes known later is of a new subject of that name. */
  erasedAt: Timestamp,
});

const orderTo = <T extends string>(type: `${T}.erase-subject`, owner: string, stores: string) =>
  defineCommand(type, {
    owner,
    schema: Order,
    id: (data) => data.erasureId,
    description: `Erase a subject from ${stores}.`,
  });

export const EraseIngestionSubject = orderTo('ingestion.erase-subject', 'ingestion', 'the event streams and from what was refused');
export const EraseFeaturesSubject = orderTo('features.erase-subject', 'features', 'feature values and the online store');
export const EraseServingSubject = orderTo('serving.erase-subject', 'serving', 'the log of predictions and exposures');
export const EraseExperimentsSubject = orderTo('experiments.erase-subject', 'experiments', 'the units of experiments');

/** Where something was, or is kept, and why. */
const Kept = Type.Object({ store: Type.String(), reason: Type.String() });

export const SubjectErased = defineEvent(
  'subject.erased',
  Type.Object({
    erasureId: ErasureId,
    service: Type.String(),
    /** Records or rows, by store. */
    erased: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
    /** What this service could not erase, and why. */
    kept: Type.Array(Kept),
  }),
);
export const ErasureFinished = defineEvent(
  'erasure.finished',
  Type.Object({
    erasureId: ErasureId,
    services: Type.Array(Type.String()),
    /** Something is kept: see the `subject.erased` of each service. */
    hasKept: Type.Boolean(),
  }),
);

/** How erasures go on. Written by every service that keeps something of subjects. Key: the erasure. Never dropped. */
export const erasures = defineTopic('erasures.v1', {
  events: [SubjectErased, ErasureFinished],
  key: (event) => event.data.erasureId,
  owner: 'many',
  retentionDays: 'forever',
  public: true,
  description: 'Which service has erased what of a subject, and what it keeps with the reason. The subject is not named.',
});
