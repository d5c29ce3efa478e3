import type { CommandQueue } from './queue.ts';
import type { PortSurroundings } from '../events/open-event-bus.ts';

export declare function openCommandQueue(url: string, surroundings: PortSurroundings): Promise<CommandQueue>;
