/** All kinds, in the order in which `apply` sends them. */
import type { ResourceDefinition } from '../define.ts';
import { Deployment } from './deployment.ts';
import { EventType } from './event-type.ts';
import { Experiment, Metric } from './experiment-kinds.ts';
import { Entity, FeatureService, FeatureView } from './feature-kinds.ts';
import { Model } from './model.ts';
import { TrainingJob } from './training-job.ts';

export const allKinds = [
  EventType,
  Entity,
  FeatureView,
  FeatureService,
  Model,
  TrainingJob,
  Deployment,
  Metric,
  Experiment,
] as const satisfies readonly ResourceDefinition[];
