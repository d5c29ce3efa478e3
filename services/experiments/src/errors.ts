import { defineErrors } from '@roofshot/runtime/errors';

export const fail = defineErrors({
  'not-found': 404,
  invalid: 400,
  'already-running': 409,
  'not-running': 409,
  'deployment-busy': 409,
  'not-startable': 409,
  'no-answer': 422,
  unavailable: 503,
});
