import { fingerprintOf, snapshotIdOf, type SnapshotOrder } from './snapshot-fingerprint.ts';

const order: SnapshotOrder = {
  spec: {
    featureService: 'risk',
    observation: { eventType: 'departed', entities: { origin: 'data.origin', destination: 'data.destination' }, context: {} },
    label: { eventType: 'landed', name: 'late', value: 'data.delay > 15' },
  },
  from: new Date('2001-01-02T00:00:00Z'),
  to: new Date('2001-01-14T00:00:00Z'),
  asOf: new Date('2001-01-14T00:00:00Z'),
  definitions: [{ views: [] }],
};

describe('runs share a snapshot', () => {
  const fingerprint = fingerprintOf(order);

  it('when they ask for the same rows, in whatever order the keys are written', () => {
    const observation = { context: {}, entities: { destination: 'data.destination', origin: 'data.origin' }, eventType: 'departed' };
    const same = { ...order, spec: { ...order.spec, observation }, from: new Date('2001-01-02T01:00:00+01:00') };
    expect(fingerprintOf(same)).toBe(fingerprint);
  });

  it.each<[string, Partial<SnapshotOrder>]>([
    ['range', { to: new Date('2001-01-13T00:00:00Z') }],
    ['knowledge', { asOf: new Date('2001-01-15T00:00:00Z') }],
    ['feature definitions', { definitions: [{ views: ['x'] }] }],
    ['label', { spec: { ...order.spec, label: { ...order.spec.label, value: 'data.delay > 30' } } }],
  ])('but not with another %s', (_what, over) => {
    expect(fingerprintOf({ ...order, ...over })).not.toBe(fingerprint);
  });

  it('and each attempt at one has an id of its own', () => {
    expect(snapshotIdOf(fingerprint, 1)).toBe(`snapshot-${fingerprint}`);
    expect(snapshotIdOf(fingerprint, 2)).toBe(`snapshot-${fingerprint}-2`);
  });
});
