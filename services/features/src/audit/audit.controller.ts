import { Controller } from '@nestjs/common';
import { AuditAnswer, AuditRequest } from '@roofshot/contracts/http/features';
import { HttpRoutes } from '@roofshot/runtime/http';
import { Audit } from './audit.ts';

@Controller()
export class AuditController {
  constructor(http: HttpRoutes, audit: Audit) {
    http.route({
      method: 'GET',
      url: '/v1/features/audit',
      summary: 'Served vectors against the raw events, recomputed by independent code.',
      query: AuditRequest,
      response: AuditAnswer,
      handler: ({ query }) => audit.run(query),
    });
    http.route({
      method: 'POST',
      url: '/v1/features/audit',
      summary: 'The same, with the request in the body.',
      body: AuditRequest,
      response: AuditAnswer,
      handler: ({ body }) => audit.run(body),
    });
  }
}
