/** All topics and commands, for creation at start, for documents and for the completeness check. */
import type { CommandDefinition, TopicDefinition } from './define.ts';
import { audit } from './audit.ts';
import { deployments } from './deployments.ts';
import { EraseExperimentsSubject, EraseFeaturesSubject, EraseIngestionSubject, erasures, EraseServingSubject } from './erasures.ts';
import { eventProgress, eventsInbox, eventTypes, refusedEvents } from './events.ts';
import { assignments, experiments, StopExperiment } from './experiments.ts';
import {
  BuildTrainingSnapshot,
  ControlBackfill,
  featureBackfills,
  featureDefinitions,
  lateFeatureEvents,
  trainingSnapshots,
} from './features.ts';
import { modelVersions, PromoteModelVersion, RollBackModelVersion } from './models.ts';
import { exposures, predictions } from './predictions.ts';
import { resourceReferences } from './references.ts';
import { CancelTrainingRun, StartTrainingRun, trainingRuns } from './training.ts';

export const allTopics: readonly TopicDefinition[] = [
  eventTypes,
  eventProgress,
  eventsInbox,
  refusedEvents,
  featureDefinitions,
  lateFeatureEvents,
  featureBackfills,
  trainingSnapshots,
  trainingRuns,
  modelVersions,
  deployments,
  predictions,
  exposures,
  assignments,
  experiments,
  resourceReferences,
  erasures,
  audit,
];

export const allCommands: readonly CommandDefinition[] = [
  BuildTrainingSnapshot,
  ControlBackfill,
  StartTrainingRun,
  CancelTrainingRun,
  PromoteModelVersion,
  RollBackModelVersion,
  StopExperiment,
  EraseIngestionSubject,
  EraseFeaturesSubject,
  EraseServingSubject,
  EraseExperimentsSubject,
];
