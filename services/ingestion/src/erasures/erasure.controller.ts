import { Controller } from '@nestjs/common';
import { ErasureAnswer, NewErasure } from '@roofshot/contracts/http/erasures';
import { HttpRoutes } from '@roofshot/runtime/http';
import { Type } from 'typebox';
import { Erasures } from './erasures.ts';

const ACTOR_HEADER = 'x-actor';

@Controller()
export class ErasureController {
  constructor(http: HttpRoutes, erasures: Erasures) {
    http.route({
      method: 'POST',
      url: '/v1/erasures',
      summary: 'Erases a subject in every service. Sent again with the same subject and request id it is the same erasure.',
      body: NewErasure,
      response: ErasureAnswer,
      status: 202,
      handler: ({ body, headers }) => erasures.start(body, actorOf(headers[ACTOR_HEADER])),
    });
    http.route({
      method: 'GET',
      url: '/v1/erasures/:id',
      summary: 'How far an erasure is: what each service has erased, and what is kept and why.',
      params: Type.Object({ id: Type.String() }),
      response: ErasureAnswer,
      handler: ({ params: { id } }) => erasures.find(id),
    });
  }
}

const actorOf = (header: string | string[] | undefined): string => (typeof header === 'string' && header !== '' ? header : 'anonymous');
