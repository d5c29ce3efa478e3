/** The services as a whole: who says what to whom, and what no service may know. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { completeness } from '@roofshot/runtime/completeness';
import { chooseServices } from '../src/choose-services.ts';
import { allServices } from '../src/services.ts';

const SERVICES = fileURLToPath(new URL('../..', import.meta.url));

function sourcesOf(service: string): string[] {
  const folder = join(SERVICES, service, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
}

describe('the services together', () => {
  it('leave no event without a reader, no command without its one handler, no topic and no path with two owners', () => {
    expect(completeness(allServices, { whole: true })).toEqual([]);
  });

  it('tell what is missing when one of them is left out', () => {
    const without = allServices.filter(({ name }) => name !== 'registry');
    expect(completeness(without, { whole: true }).join('\n')).toContain('model-version.promote');
  });

  it.each(allServices.map(({ name }) => name))('%s does not know whether it runs alone or with others', (name) => {
    const knowing = sourcesOf(name).filter((file) => /all-in-one|embedded/i.test(readFileSync(file, 'utf8')));
    expect(knowing).toEqual([]);
  });

  it('have names of their own, ports of their own, and folders of their own', () => {
    const ports = allServices.map(({ port }) => port);
    expect(new Set(ports).size).toBe(ports.length);
    expect(allServices.map(({ name }) => name).sort()).toEqual(['experiments', 'features', 'ingestion', 'registry', 'serving', 'training']);
  });
});

describe('--services', () => {
  it('chooses by name, in the order of the loop', () => {
    expect(chooseServices(allServices, 'registry, ingestion').map(({ name }) => name)).toEqual(['ingestion', 'registry']);
    expect(chooseServices(allServices, undefined)).toEqual(allServices);
  });

  it('names what it does not know, and what is near', () => {
    expect(() => chooseServices(allServices, 'regestry')).toThrow('there is no service regestry. Did you mean registry?');
  });
});

describe('ARCHITECTURE.md', () => {
  it('has the table of messages as the manifests say it now', async () => {
    const { architectureNow } = await import('../../../scripts/event-map.ts');
    const written = readFileSync(join(SERVICES, '..', 'ARCHITECTURE.md'), 'utf8');
    expect(written).toBe(await architectureNow());
  });
});
