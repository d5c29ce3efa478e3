/** Everything that an answer is made of, opened and closed in order. */
import type { Platform } from '@roofshot/runtime/service';
import { Signal } from '@roofshot/runtime/signal';
import type { ServingSettings } from './config.ts';
import { aliasesOf, type Endpoint } from './deployments/endpoint.ts';
import { Endpoints } from './deployments/endpoints.ts';
import { Infer } from './inference/infer.ts';
import { AnnounceSwitches } from './models/announce-switches.ts';
import { LoadedVersions } from './models/loaded-versions.ts';
import { ModelCatalogue } from './models/model-catalogue.ts';
import { Switchboard, type Switch } from './models/switchboard.ts';
import { AnswerQuestions } from './predict/answer-questions.ts';
import { LogRoom } from './predict/log-room.ts';
import { Shadows } from './predict/shadows.ts';
import { openSpool } from './spool/open-spool.ts';
import { SpoolRelay } from './spool/relay.ts';
import type { Spool } from './spool/spool.ts';

export type ServingPlatform = Platform<'events' | 'commands' | 'sql' | 'online' | 'objects', ServingSettings>;

export class ServingParts {
  /** Changes with every deployment, alias, allocation and definition. */
  readonly changed = new Signal();
  readonly catalogue = new ModelCatalogue();
  readonly spool: Spool;
  readonly switchboard: Switchboard;
  readonly endpoints: Endpoints;
  readonly answers: AnswerQuestions;
  readonly shadows: Shadows;
  readonly relay: SpoolRelay;
  readonly infer: Infer;
  readonly #announcements: AnnounceSwitches;

  static async open(platform: ServingPlatform): Promise<ServingParts> {
    return new ServingParts(platform, await openSpool(platform));
  }

  private constructor(platform: ServingPlatform, spool: Spool) {
    const { objects, online, log, clock, config } = platform;
    const versions = new LoadedVersions(objects);
    const { changed, catalogue } = this;
    this.spool = spool;
    this.#announcements = new AnnounceSwitches(platform);
    this.switchboard = new Switchboard({ catalogue, versions, changed, log, onSwitched: (switched) => this.#announce(switched) });
    this.endpoints = new Endpoints({
      switchboard: this.switchboard,
      changed,
      log,
      onDeclared: (endpoint) => this.#announceKnown(endpoint),
    });
    const { switchboard, endpoints } = this;
    const logRoom = new LogRoom(spool.name, platform);
    this.answers = new AnswerQuestions({ endpoints, switchboard, spool, logRoom, online, timeoutMs: config.featuresTimeout, log, clock });
    this.shadows = new Shadows({ switchboard, spool, log, queueLimit: config.shadowQueue });
    this.relay = new SpoolRelay(spool, platform);
    this.infer = new Infer(catalogue, versions, config.inferVersions);
  }

  onApplicationBootstrap(): void {
    this.relay.start();
  }

  /** Answers have ended by now: what they left is finished, as far as it can be within some seconds. */
  async onModuleDestroy(): Promise<void> {
    await this.shadows.close();
    await this.relay.close();
    await this.spool.close();
    await this.infer.close();
    await this.switchboard.close();
    await this.#announcements.close();
  }

  #announce(switched: Switch): void {
    for (const endpoint of this.endpoints.list()) {
      const isNamed = aliasesOf(endpoint).some(({ model, alias }) => model === switched.model && alias === switched.alias);
      if (isNamed) this.#announcements.announce({ ...switched, deployment: endpoint.name });
    }
  }

  /** A deployment that names aliases which answer already. */
  #announceKnown(endpoint: Endpoint): void {
    for (const name of aliasesOf(endpoint)) {
      const version = this.switchboard.current(name)?.version;
      const revision = this.switchboard.revision(name);
      if (version !== undefined) this.#announcements.announce({ ...name, version, revision, milliseconds: 0, deployment: endpoint.name });
    }
  }
}
