import { mostWanted } from './asked.ts';

const listed = (name: string, status?: { state: string; startedAt?: string }) => ({ metadata: { name }, ...(status && { status }) });

test('a running experiment comes before those that have ended, and these before those that never began', () => {
  const items = [
    listed('draft'),
    listed('old', { state: 'decided', startedAt: '2026-01-01T00:00:00Z' }),
    listed('new', { state: 'stopped', startedAt: '2026-02-01T00:00:00Z' }),
    listed('running', { state: 'running', startedAt: '2025-01-01T00:00:00Z' }),
  ];
  expect(mostWanted(items).map(({ metadata }) => metadata.name)).toEqual(['running', 'new', 'old']);
});
