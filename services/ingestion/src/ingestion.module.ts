import type { DynamicModule } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { Readiness } from '@roofshot/runtime/readiness';
import { ownResources } from '@roofshot/runtime/resource-routes';
import { Resources } from '@roofshot/runtime/resources';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import type { Static } from 'typebox';
import type { IngestionConfig } from './config.ts';
import { EraseOwn } from './erasures/erase-own.ts';
import { ErasureController } from './erasures/erasure.controller.ts';
import { Erasures } from './erasures/erasures.ts';
import { EventIntake } from './event-intake.ts';
import { EVENT_ROUTE_NEEDS, type EventRouteNeeds } from './event-route-needs.ts';
import { eventTypeKind } from './event-type-rules.ts';
import { EventTypes } from './event-types.ts';
import { TypesController } from './generate-types/types.controller.ts';
import { ForgetOld } from './forget-old.ts';
import { oldSeen } from './forget-seen.ts';
import { Inbox } from './inbox/inbox.ts';
import { WireFormat } from './inbox/wire-format.ts';
import { InFlight } from './in-flight.ts';
import { IngestionController } from './ingestion.controller.ts';
import { ownShard } from './ledger-store.ts';
import { Masks } from './privacy/masks.ts';
import { oldRefused } from './quarantine/forget-quarantined.ts';
import { QuarantineController } from './quarantine/quarantine.controller.ts';
import { SchemaRegistryController } from './schema-registry/schema-registry.controller.ts';
import { SayProgress } from './say-progress.ts';
import { WriteKeyController } from './write-keys/write-key.controller.ts';
import { WriteKeys } from './write-keys/write-keys.ts';
import { WaitingLine } from './waiting-line.ts';
import { TraceController } from './trace/trace.controller.ts';

type IngestionPlatform = Platform<'sql' | 'events', Static<typeof IngestionConfig>>;

export class IngestionModule {
  static with(platform: IngestionPlatform): DynamicModule {
    const { sql, events, transactions, clock, config, log } = platform;
    return {
      module: IngestionModule,
      controllers: [
        IngestionController,
        TraceController,
        WriteKeyController,
        ErasureController,
        QuarantineController,
        SchemaRegistryController,
        TypesController,
      ],
      providers: [
        WriteKeys,
        SayProgress,
        { provide: PLATFORM, useValue: platform },
        { provide: ForgetOld, useValue: new ForgetOld([oldSeen(platform), oldRefused(platform)], log) },
        { provide: Masks, inject: [EventTypes], useFactory: (types: EventTypes) => new Masks(types, sql) },
        { provide: Erasures, useValue: new Erasures(platform) },
        { provide: EraseOwn, useValue: new EraseOwn(events) },
        { provide: InFlight, useValue: new InFlight(config.maxInFlightMb * 1024 * 1024) },
        { provide: WaitingLine, useValue: new WaitingLine() },
        { provide: EventTypes, useValue: new EventTypes(sql, events) },
        {
          provide: EventIntake,
          inject: [EventTypes, Readiness, WaitingLine],
          useFactory: (types: EventTypes, readiness: Readiness, line: WaitingLine) => {
            readiness.waitFor('room for events', () => events.refusal() ?? true);
            return new EventIntake(types, transactions, { clock, shard: ownShard(Math.random()), line });
          },
        },
        { provide: Inbox, inject: [EventIntake], useFactory: (intake: EventIntake) => new Inbox(intake, new WireFormat(sql)) },
        {
          provide: EVENT_ROUTE_NEEDS,
          inject: [InFlight, WaitingLine, WriteKeys],
          useFactory: (inFlight: InFlight, line: WaitingLine, keys: WriteKeys): EventRouteNeeds => ({ inFlight, line, keys, clock, log }),
        },
        {
          provide: Resources,
          inject: [HttpRoutes, EventTypes],
          useFactory: (http: HttpRoutes, types: EventTypes) => ownResources(http, platform, [eventTypeKind(types, events)]),
        },
      ],
    };
  }
}
