import { trainingRuns } from '@roofshot/contracts/training';
import { done, follow, on } from './handlers.ts';

const REST = {
  'training-run.started': 'ignore',
  'trial.reported': 'ignore',
  'training-run.failed': 'ignore',
  'training-run.cancelled': 'ignore',
} as const;

// The promises are the compiler's: a line below that begins to compile fails the type check.
describe('the words of handlers.ts', () => {
  it('know the type of an event’s data from its contract', () => {
    const handler = on(trainingRuns, {
      ...REST,
      'training-run.finished': (event) => {
        const runId: string = event.data.runId;
        // @ts-expect-error -- the contract has no such field
        const wrong: unknown = event.data.runid;
        return runId === wrong ? done() : done();
      },
    });
    expect(Object.keys(handler.each)).toHaveLength(5);
  });

  it('refuse a table that leaves out an event type', () => {
    // @ts-expect-error -- training-run.finished is missing
    const handler = follow(trainingRuns, REST);
    expect(handler.kind).toBe('follow');
  });

  it('refuse a handler that answers nothing', () => {
    const handler = on(trainingRuns, {
      ...REST,
      // @ts-expect-error -- every path says what became of the message
      'training-run.finished': () => undefined,
    });
    expect(handler.topic.name).toBe('training-runs.v1');
  });
});
