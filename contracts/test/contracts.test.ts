import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TSchema } from 'typebox';
import { SourceProgressed } from '../src/events.ts';
import { allKinds } from '../src/resources/index.ts';
import { allCommands, allTopics } from '../src/topics.ts';
import { validatorOf } from '../src/validate.ts';
import { generatedContracts } from '../../scripts/contract-files.ts';
import { staleFiles } from '../../scripts/generated-files.ts';

const SAMPLES = join(dirname(fileURLToPath(import.meta.url)), '..', 'samples');
const schemas = new Map<string, TSchema>([
  ...[...allTopics.flatMap((topic) => [...topic.events]), SourceProgressed].map((event) => [`${event.type}.v1`, event.schema] as const),
  ...allCommands.map((command) => [`${command.type}.v${command.version}`, command.schema] as const),
]);
// `<type>.v<n>.json`, and `<type>.v<n>.<what>.json` for further samples of the same contract.
const samples = readdirSync(SAMPLES).map((file) => ({
  file,
  contract: /^(.+?\.v\d+)\./.exec(file)?.[1] ?? file,
}));

describe('contracts', () => {
  it.each(samples)('still reads the golden message $file', ({ file, contract }) => {
    const schema = schemas.get(contract);
    if (schema === undefined) throw new Error(`No contract ${contract}: a sample may be added, never orphaned.`);
    const message: unknown = JSON.parse(readFileSync(join(SAMPLES, file), 'utf8'));
    expect(validatorOf(schema).faults(message)).toEqual([]);
  });

  it('has a golden message for every event and command', () => {
    const covered = new Set(samples.map(({ contract }) => contract));
    expect([...schemas.keys()].filter((contract) => !covered.has(contract))).toEqual([]);
  });

  it('reads messages to which a newer writer has added a field', () => {
    for (const [contract, schema] of schemas) {
      const message = JSON.parse(readFileSync(join(SAMPLES, `${contract}.json`), 'utf8')) as object;
      expect({
        contract,
        faults: validatorOf(schema).faults({ ...message, addedLater: 1 }),
      }).toEqual({ contract, faults: [] });
    }
  });

  it('has schemas and AsyncAPI checked in as the contracts say them now', () => {
    expect(staleFiles(generatedContracts())).toEqual([]);
  });

  it('names every topic and command once, as the naming rules ask', () => {
    const topics = allTopics.map((topic) => topic.name);
    expect(new Set(topics).size).toBe(topics.length);
    for (const name of topics) expect(name).toMatch(/^[a-z]+(-[a-z]+)*\.v\d+$/);
    for (const command of allCommands) expect(command.type).toMatch(/^[a-z-]+\.[a-z-]+$/);
    for (const [contract] of schemas) expect(contract).toMatch(/^[a-z-]+\.[a-z-]+\.v\d+$/);
  });

  it('keys every sample event by a non-empty text', () => {
    for (const topic of allTopics) {
      for (const event of topic.events) {
        const data = JSON.parse(readFileSync(join(SAMPLES, `${event.type}.v1.json`), 'utf8')) as never;
        expect(topic.key({ subject: 's', data })).toMatch(/./);
      }
    }
  });

  it('tells an unknown property of a resource by its name', () => {
    const model = allKinds.find((kind) => kind.name === 'Model');
    const faults = validatorOf(model!.spec).faults({ gatess: [] });
    expect(faults.map((fault) => fault.message).join()).toContain('gatess');
  });
});
