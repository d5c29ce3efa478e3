import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger, type Logger } from '@roofshot/telemetry/logger';
import { ErrorsFilter } from '../src/errors.filter.ts';
import { createAdapter } from '../src/fastify-adapter.ts';
import { HttpRoutes } from '../src/http.ts';

@Module({ providers: [HttpRoutes] })
class OnlyRoutes {}

export interface HttpApp {
  readonly url: string;
  readonly http: HttpRoutes;
  /** Lines of JSON. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

/** A service's HTTP side alone, on a free port. */
export async function startHttpApp(register: (http: HttpRoutes) => void): Promise<HttpApp> {
  const lines: string[] = [];
  const log: Logger = createLogger({ level: 'debug', write: (line) => void lines.push(line) });
  const app = await NestFactory.create<NestFastifyApplication>(OnlyRoutes, createAdapter('tally', log), {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  app.useGlobalFilters(new ErrorsFilter(log));
  const http = app.get(HttpRoutes);
  register(http);
  await app.init();
  await http.fastify.listen({ host: '127.0.0.1', port: 0 });
  const { port } = http.fastify.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, http, lines, close: () => app.close() };
}
