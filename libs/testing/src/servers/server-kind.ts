/** The servers that tests may ask for, each known by one name everywhere. */
export const SERVER_NAMES = ['kafka', 'rabbitmq', 'redis', 's3', 'elasticsearch', 'postgres'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

/** Where one server lives: it keeps its ports, secret and data as long as the folder stays. */
export interface Place {
  /** Absolute, and the server's own; readable by the account it runs under. */
  folder: string;
  /** As many as the kind asks for; the first is the one in the URL. */
  ports: readonly [number, ...number[]];
  /** Letters and digits: the server's password where it has one. */
  secret: string;
  /** Over the kind's own, in the server's own words: Kafka's properties, lines of rabbitmq.conf, … */
  settings: Readonly<Record<string, string>>;
}

/** One process to start. */
export interface Command {
  program: string;
  args: readonly string[];
  /** The whole environment, but for PATH and LANG. */
  env?: Readonly<Record<string, string>>;
  /** The place's folder, unless told otherwise. */
  cwd?: string;
}

export interface Launch {
  server: Command;
  /** Started before the server and ended after it. */
  companion?: Command;
  /** By which it ends in order; SIGTERM unless told otherwise. */
  stopSignal?: NodeJS.Signals;
}

/** The image that serves where a Docker engine answers. Its first port is published on the place's first port. */
export interface ContainerRecipe {
  image: string;
  port: number;
  env?: (place: Place) => Record<string, string>;
  command?: (place: Place) => string[];
}

/** One kind of server: where its programs come from, how it is started, and how it is proven to work. */
export interface ServerKind {
  name: ServerName;
  /** As people write it: "Kafka". */
  title: string;
  /** The variable with the URL of one that runs already. */
  variable: string;
  ports: number;
  /** It refuses to run as root; then it runs as nobody. */
  refusesRoot: boolean;
  /** From the start of its process until it has proven itself, on a busy machine. */
  patienceMs: number;
  container: ContainerRecipe;
  /** Its programs come with npm: a container is only the second choice. */
  bundled?: true;
  /**
   * Has the programs at hand, from the PATH, the cache or the net, and answers how to start them in a place.
   * @throws NotToBeHad with what to install
   */
  obtain(): Promise<(place: Place) => Promise<Launch>>;
  url(place: Place): string;
  /** Uses the server once, the way its clients do; throws while it does not work. */
  prove(url: string): Promise<void>;
}

/** Programs that are not on this machine and could not be fetched. */
export class NotToBeHad extends Error {
  override readonly name = 'NotToBeHad';

  constructor(
    what: string,
    /** What a user does about it, as an imperative sentence without a full stop. */
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}
