/** Who changed what, when, why. */
import { Type } from 'typebox';
import { defineEvent, defineTopic } from './define.ts';

export const AuditRecorded = defineEvent(
  'audit.recorded',
  Type.Object({
    /** A person, a key or a service. */
    actor: Type.String(),
    /** A verb: `apply`, `promote`, `roll-back`, `start`, `decide`. */
    action: Type.String(),
    /** `Kind/name`, or `model/version`. */
    target: Type.String(),
    reason: Type.String(),
    detail: Type.Record(Type.String(), Type.Unknown()),
  }),
);
/** Written by all services. Key: actor. Never dropped. */
export const audit = defineTopic('audit.v1', {
  events: [AuditRecorded],
  key: (event) => event.data.actor,
  owner: 'many',
  retentionDays: 'forever',
  public: true,
  description: 'Who changed what, when and why, over all services.',
});
