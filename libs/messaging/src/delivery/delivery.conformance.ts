import type { BusLab } from '../events/log-lab.ts';
import { DeliveryLab } from './delivery-lab.ts';
import { eventLetters } from './event-letters.conformance.ts';
import { exactlyOnce, surroundingsOfABatch } from './exactly-once.conformance.ts';
import { deadLetters, poison } from './poison.conformance.ts';
import { rawRecords } from './records.conformance.ts';

/** The promises of delivery from the log, for every adapter. `start` gives a fresh log. */
export function deliveryConformance(name: string, start: () => Promise<BusLab>): void {
  describe(`${name}: delivery of events`, () => {
    let lab: DeliveryLab;
    beforeAll(async () => {
      lab = await DeliveryLab.start(await start());
    });
    afterAll(() => lab.close());

    describe('exactly once', () => exactlyOnce(() => lab));
    describe('beside the events', () => surroundingsOfABatch(() => lab));
    describe('a message that cannot be handled', () => poison(() => lab));
    describe('dead letters', () => deadLetters(() => lab));
    describe('the dead letter office', () => eventLetters(() => lab));
    describe('records as they are', () => rawRecords(() => lab));
  });
}
