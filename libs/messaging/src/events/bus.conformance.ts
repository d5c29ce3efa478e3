import type { EventBus } from './bus.ts';
import { consuming, gaps, groups, stopping } from './consuming.conformance.ts';
import { erasing } from './erasing.conformance.ts';
import type { BusLab } from './log-lab.ts';
import { manyWriters, publishing, publishingIn, reading } from './publishing.conformance.ts';

/** The promises of EventBus, for every adapter. `start` gives a fresh log. */
export function busConformance(name: string, start: () => Promise<BusLab>): void {
  describe(`${name}: an event log`, () => {
    let lab: BusLab;
    let bus: EventBus;
    beforeAll(async () => {
      lab = await start();
      bus = await lab.open();
    });
    afterAll(() => lab.close());
    const context = { lab: () => lab, bus: () => bus };

    describe('publishing', () => publishing(context));
    describe('publishing in a transaction', () => publishingIn(context));
    describe('many writers', () => manyWriters(context));
    describe('reading', () => reading(context));
    describe('erasing', () => erasing(context));
    describe('consuming', () => consuming(context));
    describe('groups', () => groups(context));
    describe('what the log no longer holds', () => gaps(context));
    describe('stopping', () => stopping(context));
  });
}
