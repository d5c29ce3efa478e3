import { Pool } from 'undici';

/**
 * Posts over kept connections, one request at a time on each. Undici, because the caller has its part of the same cores, and Node's own
 * client takes half as much of them for a small request as ingestion does.
 */
export class Poster {
  readonly #pool: Pool;

  /** `connections`: at most so many; more requests wait for them. Null: as many as there are requests under way. */
  constructor(url: string, connections: number | null) {
    this.#pool = new Pool(url, { connections, pipelining: 1 });
  }

  /** Events in the media type's form; answers the status when the whole answer has come. */
  async post(type: string, body: string): Promise<number> {
    const { statusCode, body: answer } = await this.#pool.request({
      path: '/v1/events',
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    await answer.dump();
    return statusCode;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}
