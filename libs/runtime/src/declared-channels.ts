import { Injectable } from '@nestjs/common';

/** A topic that users declare while the service runs, as one of a family: what `/asyncapi.json` tells of it. */
export interface DeclaredChannel {
  /** The topic's name. */
  readonly address: string;
  readonly description: string;
  /** The type of its events. */
  readonly type: string;
  /** JSON Schema of the events' data: 2020-12, or what `$schema` says. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** Where a service that owns a family of topics tells which of them there are. Without it, the document has the family alone. */
@Injectable()
export class DeclaredChannels {
  readonly #sources: (() => Promise<readonly DeclaredChannel[]>)[] = [];

  /** Asked each time that the document is read. */
  add(source: () => Promise<readonly DeclaredChannel[]>): void {
    this.#sources.push(source);
  }

  async all(): Promise<readonly DeclaredChannel[]> {
    return (await Promise.all(this.#sources.map((source) => source()))).flat();
  }
}
