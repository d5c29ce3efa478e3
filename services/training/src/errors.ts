import { defineErrors } from '@roofshot/runtime/errors';

export const fail = defineErrors({ 'not-found': 404, 'invalid-order': 400, 'other-run': 409, 'run-ended': 409 });
