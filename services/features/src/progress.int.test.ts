import { createLogger } from '@roofshot/telemetry/logger';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { ActiveViews } from './active-views.ts';
import { ProgressBoard } from './progress-board.ts';
import { Progress } from './progress.ts';
import { PROGRESS_CHANNEL } from './view-positions.ts';

describe('the progress of other processes', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());

  it('is asked for again when it is said while the log is away, and the process lives on', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'debug', write: (line) => lines.push(line) });
    const views = Object.assign(new ActiveViews(), { topics: () => ['events.order.placed'] });
    const asked: string[] = [];
    const bounds = (topic: string): Promise<never> => {
      asked.push(topic);
      return Promise.reject(new Error('Kafka does not answer.'));
    };
    const reconnected = (): Promise<void> => Promise.resolve();
    const progress = new Progress({ sql: database.sql, events: { bounds }, log, views, board: new ProgressBoard(), reconnected });
    await progress.start();
    await database.sql.query(`SELECT pg_notify('${PROGRESS_CHANNEL}', 'another process')`);
    await eventually(() => expect(asked.length).toBeGreaterThan(2));
    await progress.stop();
    expect(lines.join()).toContain('Kafka does not answer.');
  });
});
