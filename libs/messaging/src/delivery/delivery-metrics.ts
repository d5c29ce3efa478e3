import { anyService, counter, defineMetrics, gauge, timing } from '@roofshot/telemetry/define-metrics';

/** What every service measures of the messages that it hears. */
export const metrics = defineMetrics(anyService, {
  'events.handled': counter(
    'Events by what became of them: done, ignored, skipped, rejected (by the handler), dead (unreadable or against the contract), parked (with their key), queued (behind a parked one).',
    ['topic', 'outcome'],
  ),
  'event-batches.failed': counter('Tries of a batch that threw and were rolled back.', ['topic']),
  'event-batch.ms': timing('From the begin to the commit of one batch of events.', ['topic']),
  'commands.handled': counter('Commands by what became of them: done, skipped, duplicate, retried, dead.', ['command', 'outcome']),
  'command.ms': timing('From the begin to the commit of one command.', ['command']),
  'partition.lag': gauge('Records of a partition that this process has not read yet; 0 when it lets the partition go.', [
    'topic',
    'partition',
  ]),
});
