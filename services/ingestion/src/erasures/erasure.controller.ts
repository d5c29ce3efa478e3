import { Controller } from '@nestjs/common';
import { ErasureAnswer, NewErasure } from '@roofshot/contracts/http/erasures';
import { actorOf } from '@roofshot/runtime/actor';
import { DomainError } from '@roofshot/runtime/errors';
import { HttpRoutes } from '@roofshot/runtime/http';
import { Type } from 'typebox';
import type { Catalogue } from '../catalogue.ts';
import { EventTypes } from '../event-types.ts';
import { Erasures } from './erasures.ts';

@Controller()
export class ErasureController {
  constructor(http: HttpRoutes, erasures: Erasures, types: EventTypes) {
    http.route({
      method: 'POST',
      url: '/v1/erasures',
      summary: 'Erases a subject in every service. Sent again with the same subject and request id it is the same erasure.',
      body: NewErasure,
      response: ErasureAnswer,
      status: 202,
      handler: async ({ body, headers }) => {
        refuseUndeclared(await types.reload(), body.types);
        return erasures.start(body, actorOf(headers));
      },
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

/** Nothing would be erased by a name that is misspelt, and it would look as if all had been. */
function refuseUndeclared(catalogue: Catalogue, types: readonly string[] = []): void {
  const faults = types.flatMap((name, index) => {
    if (catalogue.find(name) !== undefined) return [];
    return [{ path: `/types/${index}`, message: `No EventType ${name} is declared. ${catalogue.suggest(name)}` }];
  });
  if (faults.length === 0) return;
  const told = faults.map(({ message }) => message).join(' ');
  throw new DomainError('invalid', `${told} Nothing was erased: correct the types, or leave them out to erase everything.`, { faults });
}
