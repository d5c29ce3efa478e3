/** The few parts of kafkajs 2.2.4's inside that kafka-cluster.ts stands on; the version is pinned. */
declare module 'kafkajs/src/protocol/requests/fetch/v11/request.js' {
  interface WireRequest {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  }
  interface FetchWish {
    readonly replicaId: number;
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly fetchOffset: number; readonly maxBytes: number }[];
    }[];
  }
  const request: (wish: FetchWish) => WireRequest;
  export default request;
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  class RequestQueue {
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests(): void;
  }
  export default RequestQueue;
}

declare module 'kafkajs/src/network/socketFactory.js' {
  import type { ISocketFactory } from 'kafkajs';

  const createSocketFactory: () => ISocketFactory;
  export default createSocketFactory;
}

declare module 'kafkajs/src/protocol/requests/produce/v7/response.js' {
  const response: { decode(payload: Buffer): Promise<unknown>; parse(answer: unknown): Promise<unknown> };
  export default response;
}

declare module 'kafkajs/src/protocol/requests/produce/v7/request.js' {
  const request: (wish: object) => { encode(): Promise<{ readonly buffer: Buffer }> };
  export default request;
}

declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net';

  class Connection {
    readonly socket: Socket | undefined;
    /** Pieces of an answer that is not whole yet. */
    chunks: Buffer[];
    bytesBuffered: number;
    bytesNeeded: number;
    isConnected(): boolean;
    connect(): Promise<boolean>;
    disconnect(): Promise<boolean>;
    send(call: unknown): Promise<unknown>;
    rejectRequests(error: Error): void;
  }
  export default Connection;
}
