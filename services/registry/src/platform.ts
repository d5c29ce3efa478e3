import type { Platform } from '@roofshot/runtime/service';
import type { Static } from 'typebox';
import type { RegistryConfig } from './config.ts';

export type RegistryPlatform = Platform<'events' | 'sql' | 'objects', Static<typeof RegistryConfig>>;
