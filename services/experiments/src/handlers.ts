import { deployments } from '@roofshot/contracts/deployments';
import { EraseExperimentsSubject } from '@roofshot/contracts/erasures';
import { acceptedEvents, eventProgress, eventTypes } from '@roofshot/contracts/events';
import { StopExperiment } from '@roofshot/contracts/experiments';
import { modelVersions } from '@roofshot/contracts/models';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { follow, handle, onBatch } from '@roofshot/messaging/handlers';
import { PayloadMasks } from '@roofshot/runtime/payload-masks';
import type { ServiceDefinition } from '@roofshot/runtime/service';
import { ErasedSubjects } from '@roofshot/storage/erased-subjects';
import { eraseUnit } from './erasures/erase-unit.ts';
import { FoldFacts } from './join/fold-facts.ts';
import { foldDeployments } from './models/fold-deployments.ts';
import { foldModels } from './models/fold-models.ts';
import { Lifecycle } from './phases/lifecycle.ts';
import { EventSources } from './progress/event-sources.ts';
import { Reader } from './progress/reader.ts';

/** What experiments hears. Exposures, answers and outcomes meet in one row per unit, in any order. */
export const handlers: ServiceDefinition['handlers'] = (get) => {
  const afterCommit = (): Promise<void> => get(Reader).committed();
  const caughtUp = (task: { readonly topic: string; readonly partition: number }): Promise<void> => get(Reader).idle(task);
  return [
    onBatch(exposures, (batch, tx) => get(FoldFacts).exposures(batch, tx), { afterCommit, caughtUp }),
    onBatch(predictions, (batch, tx) => get(FoldFacts).predictions(batch, tx), { afterCommit, caughtUp }),
    onBatch(acceptedEvents, (batch, tx) => get(FoldFacts).outcomes(batch, tx), { afterCommit, caughtUp }),
    onBatch(modelVersions, (batch, tx) => foldModels(batch, tx), { afterCommit }),
    onBatch(deployments, (batch, tx) => foldDeployments(batch, tx), { afterCommit }),
    follow(eventTypes, {
      'event-type.changed': ({ data }) => {
        get(EventSources).declare(data);
        get(PayloadMasks).declare(data);
      },
    }),
    follow(eventProgress, { 'stream.advanced': ({ data }) => get(EventSources).advance(data) }),
    handle(EraseExperimentsSubject, (command, tx) => eraseUnit(command, tx, get(ErasedSubjects)), { concurrency: 1 }),
    handle(StopExperiment, (command, tx) => get(Lifecycle).handleStop(command, tx)),
  ];
};
