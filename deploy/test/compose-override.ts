/** What a test changes of compose.yaml: a file of variables, as a user's .env, and a file over it. */
import { randomBytes } from 'node:crypto';
import { freePorts } from '@roofshot/testing/free-ports';
import { allServices } from '../../services/all-in-one/src/services.ts';
import { patience } from '../../services/all-in-one/test/journey/service-settings.ts';
import { variablesOfCompose } from './compose-file.ts';
import { imageOf, type Images } from './images.ts';

export const PARTS = [...allServices.map(({ name }) => name), 'gateway'];
export const PARTITIONS = 2;

/** Ports on loopback, where compose.yaml has one: for who looks past the services at what they have said. */
export interface Doors {
  readonly gateway: number;
  readonly kafka: number;
  readonly postgres: number;
  readonly elasticsearch: number;
}

export async function freeDoors(): Promise<Doors> {
  const [gateway = 0, kafka = 0, postgres = 0, elasticsearch = 0] = await freePorts(4);
  return { gateway, kafka, postgres, elasticsearch };
}

/** Passwords of their own, and logs that tell the way of every message. */
export function variablesFor({ gateway }: Doors): Record<string, string> {
  const secret = (): string => randomBytes(12).toString('hex');
  const ELASTIC_PASSWORD = secret();
  return {
    ...Object.fromEntries([...variablesOfCompose().required].map((name) => [name, secret()])),
    ROOFSHOT_PORT: String(gateway),
    KAFKA_PARTITIONS: String(PARTITIONS),
    COMPOSE_PROFILES: 'logs',
    ELASTIC_PASSWORD,
    ELASTICSEARCH_URL: `http://elastic:${ELASTIC_PASSWORD}@elasticsearch:9200`,
    LOG_LEVEL: 'debug',
  };
}

/** Images of our own making, and the doors. */
export function overrideFor({ kafka, postgres, elasticsearch }: Doors, { servers }: Images): { readonly services: object } {
  const networks = ['servers', 'services'];
  const changes: Record<string, object> = {
    ...Object.fromEntries(PARTS.map((part) => [part, { environment: patience(part) }])),
    kafka: {
      environment: {
        KAFKA_LISTENERS: `PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093,OUTSIDE://:${kafka}`,
        KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://kafka:9092,OUTSIDE://127.0.0.1:${kafka}`,
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,OUTSIDE:PLAINTEXT',
      },
      ports: [`127.0.0.1:${kafka}:${kafka}`],
      networks,
    },
    postgres: { ports: [`127.0.0.1:${postgres}:5432`], networks },
    elasticsearch: { ports: [`127.0.0.1:${elasticsearch}:9200`] },
  };
  const images = { ...servers, ...Object.fromEntries(PARTS.map((part) => [part, imageOf(part)])) };
  for (const [name, image] of Object.entries(images)) changes[name] = { ...changes[name], image };
  return { services: changes };
}
