import type { Platform } from '@roofshot/runtime/service';
import type { ExperimentsSettings } from './config.ts';

export type ExperimentsPlatform = Platform<'sql' | 'events' | 'commands', ExperimentsSettings>;
