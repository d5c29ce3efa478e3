import type { Platform } from '@roofshot/runtime/service';
import type { Static } from 'typebox';
import type { TrainingConfig } from './config.ts';

export type TrainingPlatform = Platform<'events' | 'sql' | 'objects', Static<typeof TrainingConfig>>;
