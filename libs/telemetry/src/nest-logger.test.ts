import { Logger as NestFacade, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createLogger } from './logger.ts';
import { NestLogger } from './nest-logger.ts';

type Line = Record<string, unknown>;

function captureNest(): { readonly nest: NestLogger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const nest = new NestLogger(createLogger({ level: 'trace', write: (line) => lines.push(JSON.parse(line) as Line) }));
  return { nest, lines };
}

it("Nest's levels and context become ECS fields", () => {
  const { nest, lines } = captureNest();
  nest.log('Hello.', 'FeaturesModule');
  nest.verbose('Much.', 'FeaturesModule');
  nest.fatal('The end.');
  expect(lines.map((line) => [line['log.level'], line['message'], line['log.logger']])).toEqual([
    ['info', 'Hello.', 'FeaturesModule'],
    ['trace', 'Much.', 'FeaturesModule'],
    ['fatal', 'The end.', undefined],
  ]);
});

it('a thrown error, as message or as detail, becomes error.*', () => {
  const { nest, lines } = captureNest();
  nest.error(new TypeError('broken'), 'ExceptionsHandler');
  nest.error('It failed.', new TypeError('broken'), 'ExceptionsHandler');
  for (const line of lines)
    expect(line).toMatchObject({ 'error.type': 'TypeError', 'error.message': 'broken', 'log.logger': 'ExceptionsHandler' });
  expect(lines.map((line) => line['message'])).toEqual(['broken', 'It failed.']);
});

it('a stack passed as a text is a stack, not the context', () => {
  const { nest, lines } = captureNest();
  const stack = new Error('broken').stack;
  nest.error('It failed.', stack);
  nest.error('It failed.', stack, 'Context');
  expect(lines.map((line) => [line['error.stack_trace'], line['log.logger']])).toEqual([
    [stack, undefined],
    [stack, 'Context'],
  ]);
});

it('objects are written as text, in the message as among the details', () => {
  const { nest, lines } = captureNest();
  nest.warn({ size: 3 }, { rest: true }, 'Context');
  expect(lines[0]).toMatchObject({ message: '{"size":3}', 'labels.details': ['{"rest":true}'] });
});

it('a Nest application logs through it, and the tale of its start is only at debug', async () => {
  class FlightsModule {}
  Module({})(FlightsModule);
  const { nest, lines } = captureNest();
  const app = await NestFactory.createApplicationContext(FlightsModule, { logger: nest, abortOnError: false });
  new NestFacade('FlightStore').warn('Slow.');
  await app.close();
  expect(lines.find((line) => line['log.logger'] === 'FlightStore')).toMatchObject({ 'log.level': 'warn', message: 'Slow.' });
  const tale = lines.filter((line) => line['log.logger'] === 'InstanceLoader');
  expect(tale.length).toBeGreaterThan(0);
  expect(new Set(tale.map((line) => line['log.level']))).toEqual(new Set(['debug']));
});
