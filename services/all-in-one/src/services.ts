/** All services, in the order of the loop. */
import type { AnyService } from '@roofshot/runtime/service';
import { experiments } from '@roofshot/experiments/service';
import { features } from '@roofshot/features/service';
import { ingestion } from '@roofshot/ingestion/service';
import { registry } from '@roofshot/registry/service';
import { serving } from '@roofshot/serving/service';
import { training } from '@roofshot/training/service';

export const allServices: readonly AnyService[] = [ingestion, features, training, registry, serving, experiments];
