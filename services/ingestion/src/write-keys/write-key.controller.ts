import { Controller, Inject } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { addWriteKeyRoutes } from './write-key-routes.ts';
import { WriteKeys } from './write-keys.ts';

@Controller()
export class WriteKeyController {
  constructor(http: HttpRoutes, keys: WriteKeys, @Inject(PLATFORM) { sql, transactions }: Platform<'sql'>) {
    addWriteKeyRoutes(http, { sql, transactions, keys });
  }
}
