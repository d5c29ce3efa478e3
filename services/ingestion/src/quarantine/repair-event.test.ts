import { repairEvent, type Refusal } from './repair-event.ts';

const SENT = {
  specversion: '1.0',
  id: 'o-1',
  source: '/shop',
  type: 'order.placed',
  time: '2026-03-01T12:00:00Z',
  data: { amount: 'much' },
};
const refused = (over: Partial<Refusal> = {}, sent: unknown = SENT): Refusal => ({
  original: JSON.stringify(sent),
  isWhole: true,
  receivedAt: new Date('2026-03-01T12:00:05Z'),
  verdict: 'quarantined',
  reason: 'schema',
  path: '/data/amount',
  lastRedrive: null,
  ...over,
});
const replace = (path: string, value: unknown): { op: string; path: string; value: unknown } => ({ op: 'replace', path, value });
const never = (): undefined => undefined;

describe('an event that is tried again', () => {
  it('is what was sent, with the patch', () => {
    expect(repairEvent(refused(), [], never)).toEqual({ value: SENT });
    expect(repairEvent(refused(), [replace('/data/amount', 7)], never)).toEqual({ value: { ...SENT, data: { amount: 7 } } });
    expect(repairEvent(refused(), [replace('/data/amuont', 7)], never)).toEqual({
      reason: 'patch',
      detail: 'Operation 0 (replace at "/data/amuont"): there is nothing at /data/amuont. Nothing was changed.',
    });
  });

  it.each(['id', 'source', 'time'])('keeps its %s, unless that was what was wrong', (name) => {
    const patch = [replace(`/${name}`, name === 'time' ? '2026-03-02T12:00:00Z' : 'other')];
    expect(repairEvent(refused(), patch, never)).toMatchObject({ reason: 'identity', path: `/${name}` });
    expect(repairEvent(refused(), [replace('', { ...SENT, [name]: 'other' })], never)).toMatchObject({ reason: 'identity' });
    expect(repairEvent(refused({ path: `/${name}` }), patch, never)).toHaveProperty('value');
    const foundSince = { verdict: 'quarantined', reason: 'envelope', path: `/${name}` } as const;
    expect(repairEvent(refused({ lastRedrive: foundSince }), patch, never)).toHaveProperty('value');
    const triedBefore = { verdict: 'quarantined', reason: 'identity', path: `/${name}` } as const;
    expect(repairEvent(refused({ lastRedrive: triedBefore }), patch, never)).toMatchObject({ reason: 'identity' });
  });

  it('does not come in time by another time', () => {
    const patch = [replace('/time', '2026-03-01T12:00:04Z')];
    expect(repairEvent(refused({ verdict: 'late', path: '/time' }), patch, never)).toMatchObject({ reason: 'identity' });
  });

  it('gets an id where it had none', () => {
    const { id: _, ...nameless } = SENT;
    const repaired = repairEvent(refused({ path: '/id' }, nameless), [{ op: 'add', path: '/id', value: 'o-9' }], never);
    expect(repaired).toEqual({ value: { ...nameless, id: 'o-9' } });
  });

  it('happened when it was received, where it does not say; an import says when it became known', () => {
    const { time: _, ...timeless } = SENT;
    expect(repairEvent(refused({}, timeless), [], never)).toEqual({ value: { ...timeless, time: '2026-03-01T12:00:05.000Z' } });
    const imported = { ...timeless, knowntime: '2025-01-01T00:00:00Z' };
    expect(repairEvent(refused({}, imported), [], () => 'knowntime')).toEqual({ value: imported });
  });
});

describe('data that is no JSON', () => {
  const kept = refused({ reason: 'json', path: '/data' }, { ...SENT, data: '{"amount":' });

  it('does not become a text: it is replaced', () => {
    expect(repairEvent(kept, [], never)).toMatchObject({ reason: 'json', path: '/data' });
    expect(repairEvent(kept, [{ op: 'add', path: '/subject', value: 'c' }], never)).toMatchObject({ reason: 'json', path: '/data' });
    expect(repairEvent(kept, [replace('/data', { amount: 1 })], never)).toEqual({ value: { ...SENT, data: { amount: 1 } } });
  });
});

describe('what could not be read', () => {
  it.each<[string, Partial<Refusal>]>([
    ['no JSON', { original: '{"id":' }],
    ['only its beginning, though that could be read', { isWhole: false }],
  ])('%s: can be replaced as a whole', (_what, over) => {
    expect(repairEvent(refused(over), [], never)).toMatchObject({ reason: 'json', detail: expect.stringContaining('path ""') });
    expect(repairEvent(refused(over), [replace('/data', 1)], never)).toMatchObject({ reason: 'patch' });
    expect(repairEvent(refused(over), [replace('', SENT)], never)).toEqual({ value: SENT });
  });
});
