/** A server of the caller's own. It lives no longer than the calling process. */
export interface RunningServer {
  /** The same after every restart. */
  readonly url: string;
  /** Its first process; a new one after every restart. */
  readonly pid: number;
  /** False when it has ended by itself, too. */
  isRunning(): Promise<boolean>;
  /** Ends it in order; its data stays. */
  stop(): Promise<void>;
  /** Ends all its processes at once, with no goodbye to anybody. */
  kill9(): Promise<void>;
  /** Starts it again, after `stop` or `kill9` or from running, on the same port with the same data, and waits until it works. */
  restart(): Promise<void>;
  /** Its processes get no time to run until `thaw`; its connections stay open. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}
