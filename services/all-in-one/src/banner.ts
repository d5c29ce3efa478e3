/** What is said when the platform is ready: its doors, and where its data are. Pure. */
import type { SharedConfig } from '@roofshot/runtime/env';

export interface Ready {
  readonly url: string;
  /** By the service's name. */
  readonly services: Readonly<Record<string, string>>;
  readonly shared: Pick<SharedConfig, 'dataDir' | 'sqlUrl' | 'eventsUrl' | 'commandsUrl' | 'onlineUrl' | 'objectsUrl'>;
  readonly seconds: number;
}

export function bannerOf({ url, services, shared, seconds }: Ready): string {
  const servers = serversOf(shared);
  const here = servers.length === 0 ? 'Data' : 'Data on this machine';
  const lines = [['Console and API', url], ...Object.entries(services), [here, shared.dataDir], ...servers];
  const width = Math.max(...lines.map(([name = '']) => name.length));
  return [
    `\nRoofshot is ready after ${seconds.toFixed(1)} s. Ctrl-C ends it; the data stay.\n`,
    ...lines.map(([name = '', value = '']) => `  ${`${name}:`.padEnd(width + 2)} ${value}`),
    '',
  ].join('\n');
}

/** What lies elsewhere than in the data folder; what is in the same database as the rest is not named again. */
function serversOf({ sqlUrl, eventsUrl, commandsUrl, onlineUrl, objectsUrl }: Ready['shared']): [string, string][] {
  const named: [string, string][] = [
    ['State', sqlUrl],
    ['Events', eventsUrl],
    ['Commands', commandsUrl],
    ['Online values', onlineUrl],
    ['Objects', objectsUrl],
  ];
  const isElsewhere = ([name, url]: [string, string]): boolean => !/^(embedded|file):/.test(url) && (name === 'State' || url !== sqlUrl);
  return named.filter(isElsewhere).map(([name, url]) => [name, placeOf(url)]);
}

/** Without user, password and settings. */
function placeOf(url: string): string {
  const [address = '', query = ''] = url.split('?', 2);
  const settings = new URLSearchParams(query);
  const at = settings.get('endpoint') ?? settings.get('host');
  return `${withoutLogin(address)}${at === null ? '' : ` at ${withoutLogin(at)}`}`;
}

const withoutLogin = (address: string): string => address.replace(/^([a-z][a-z0-9+.-]*:\/\/).*@/is, '$1');
