/** One event followed to one decision; then the same with every part of the platform killed. The same journey wherever the services run. */
import type { Analysis } from '@roofshot/contracts/experiments';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { Client } from './client.ts';
import { EVENTS, expectNothingLostOrDoubled, expectOneDecision } from './expectations.ts';
import { FIGURES } from './figures.ts';
import { declare, experiment, learn } from './journey.ts';
import { killEachPart } from './kills.ts';
import type { Platform, Topology } from './platform.ts';

/** Where the services run, on which servers, and what ends meanwhile must not be seen in the figures: they are the same to nine digits. */
function expectTheFigures(of: Analysis): void {
  expect(rounded(of)).toEqual(FIGURES);
}

const rounded = (of: unknown): unknown =>
  JSON.parse(JSON.stringify(of, (_, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(9)) : value)));

/** `afterwards`: what else must hold of a platform that nobody disturbed; it may send more. */
export function theJourney(
  topologies: readonly Topology[],
  afterwards: (platform: Platform, client: Client) => Promise<void> = () => Promise.resolve(),
): void {
  describe.each(topologies)('the journey, $name', (topology) => {
    let folder: TempDir;
    let platform: Platform;
    let client: Client;

    beforeEach(async () => {
      folder = await tempDir('journey');
      platform = await topology.open(folder.path);
      client = new Client(() => platform.url);
      await platform.start();
      await declare(platform.url);
    }, 180_000);

    afterEach(async () => {
      await platform.stop();
      await folder.remove();
    }, 60_000);

    it('leads from the first event to one decision, and serving follows it', async () => {
      await learn(client, EVENTS);
      await experiment(client, EVENTS);
      expectTheFigures(await expectOneDecision(platform, client));
      await expectNothingLostOrDoubled(platform, client);
      await afterwards(platform, client);
    }, 300_000);

    it('ends the same when every part is killed', async () => {
      await learn(client, EVENTS);
      const disturb = killEachPart(platform, client);
      await experiment(client, EVENTS, disturb);
      expect([...disturb.killed].sort()).toEqual([...platform.parts].sort());
      expect(client.repeats).toBeGreaterThan(0);
      expectTheFigures(await expectOneDecision(platform, client));
      await expectNothingLostOrDoubled(platform, client);
    }, 400_000);
  });
}
