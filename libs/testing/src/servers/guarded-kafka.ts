import kafkajs, { type Admin } from 'kafkajs';
import { freePorts } from '../free-ports.ts';
import { kafka } from './kafka.ts';
import { openPlace } from './place.ts';
import type { RunningServer } from './running-server.ts';
import { startServer } from './start-server.ts';

export const GUARDED_USER = 'limited';
export const GUARDED_PASSWORD = 'password-of-a-test';

export type KafkaOperation = 'CREATE' | 'DESCRIBE' | 'DESCRIBE_CONFIGS' | 'READ' | 'WRITE';

/** A Kafka that asks for a login at one of its ports and gives that user no rights; its other port is the administrator's. */
export interface GuardedKafka {
  readonly server: RunningServer;
  /** `host:port` that wants a login. */
  readonly guarded: string;
  /** A topic's name, or `*`. */
  allow(topic: string, operations: readonly KafkaOperation[]): Promise<void>;
  /** The administrator's. */
  readonly admin: Admin;
  remove(): Promise<void>;
}

export async function startGuardedKafka(folder: string): Promise<GuardedKafka> {
  const { place } = await openPlace(kafka, folder);
  const [open, controller = 0] = place.ports;
  const [guarded = 0] = await freePorts(1);
  const users = `username="admin" password="admin" user_admin="admin" user_${GUARDED_USER}="${GUARDED_PASSWORD}"`;
  const settings = {
    listeners: `PLAINTEXT://127.0.0.1:${open},CONTROLLER://127.0.0.1:${controller},GUARDED://127.0.0.1:${guarded}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${open},GUARDED://127.0.0.1:${guarded}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,GUARDED:SASL_PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.guarded.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${users};`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  };
  const server = await startServer('kafka', { folder, settings });
  const admin = new kafkajs.Kafka({ brokers: [`127.0.0.1:${open}`], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return {
    server,
    guarded: `127.0.0.1:${guarded}`,
    admin,
    allow: async (topic, operations) => {
      await admin.createAcls({ acl: operations.map((operation) => ruleOf(topic, operation)) });
    },
    remove: async () => {
      await admin.disconnect();
      await server.remove();
    },
  };
}

function ruleOf(resourceName: string, operation: KafkaOperation) {
  return {
    resourceType: kafkajs.AclResourceTypes.TOPIC,
    resourceName,
    resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
    principal: `User:${GUARDED_USER}`,
    host: '*',
    operation: kafkajs.AclOperationTypes[operation],
    permissionType: kafkajs.AclPermissionTypes.ALLOW,
  };
}
