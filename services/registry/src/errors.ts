import { defineErrors } from '@roofshot/runtime/errors';

export const fail = defineErrors({ 'not-found': 404, 'not-approved': 409, 'alias-moved': 409, 'nothing-before': 409 });
