import { readFileSync } from 'node:fs';
import { DECISION_TYPES, type Said } from '@roofshot/contracts/http/live';
import { decisionText } from './decision-text.ts';

/** As the contracts' golden messages have them. */
function saidOf(type: string): Said {
  const file = new URL(`../../../contracts/samples/${type}.v1.json`, import.meta.url);
  const data = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  return { seq: 1, service: 'registry', at: 0, kind: 'event', type, data };
}

test('a promotion says which version, instead of which, by whom and why', () => {
  expect(decisionText(saidOf('model-version.promoted'))).toEqual({
    what: 'flight-delay version 2 became champion, replacing version 1',
    who: 'experiments',
    why: 'streaming-features: effect −0.17 [−0.20, −0.15]',
  });
});

test('a decided experiment says the reason and when it was in event time', () => {
  expect(decisionText({ ...saidOf('experiment.decided'), service: 'experiments' })).toEqual({
    what: 'Experiment streaming-features decided: promote',
    who: 'experiments',
    why: 'The interval [−0.197, −0.148] is below 0.',
    eventTime: Date.parse(String(saidOf('experiment.decided').data?.['decidedAt'])),
  });
});

test('what went wrong is marked, with what is known of the cause', () => {
  expect(decisionText(saidOf('model-version.refused'))).toMatchObject({
    mark: 'refused',
    why: 'output: The output is named label; probabilities was expected.',
  });
  expect(decisionText(saidOf('model-version.rolled-back'))).toMatchObject({
    mark: 'rolled back',
    what: 'flight-delay went back to version 1 as champion',
  });
  expect(decisionText(saidOf('guardrail.breached'))).toMatchObject({
    mark: 'breached',
    why: expect.stringContaining('Outcomes until then: 412'),
  });
});

test('a reason that is a sentence gets no second full stop', () => {
  const breach = saidOf('guardrail.breached');
  const { why } = decisionText({ ...breach, data: { ...breach.data, because: 'It is above 0 (alpha 0.025).' } });
  expect(why).toBe('It is above 0 (alpha 0.025). Outcomes until then: 412.');
});

test('without its reason a decided experiment says the effect', () => {
  const decided = saidOf('experiment.decided');
  const { because, ...data } = decided.data ?? {};
  expect(because).not.toBe('');
  expect(decisionText({ ...decided, data }).why).toBe('Effect −0.172 [−0.197, −0.148].');
});

test('a switched alias is named, for a shadow answers nobody', () => {
  const { data, ...said } = saidOf('deployment.switched');
  const shadow = { ...said, data: { ...data, alias: 'shadow', version: 1 } };
  expect(decisionText(shadow).what).toBe('Deployment flight-delay: its shadow is version 1 of flight-delay now');
  expect(decisionText({ ...said, data: { ...data, version: null } }).what).toBe('Deployment flight-delay has no champion any more');
});

test.each([...DECISION_TYPES])('%s is a sentence, also when the feed left everything out', (type) => {
  const { what, why } = decisionText(saidOf(type));
  expect(what).not.toBe(type);
  expect(`${what} ${why}`).not.toMatch(/undefined|NaN|\[object/);
  expect(decisionText({ ...saidOf(type), data: {} })).toMatchObject({ who: 'registry' });
});

test('an unknown type is told by its name', () => {
  expect(decisionText({ ...saidOf('model-version.promoted'), type: 'new.thing' })).toEqual({ what: 'new.thing', who: 'registry', why: '' });
});
