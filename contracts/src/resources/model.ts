import { Type, type Static } from 'typebox';
import { Closed, defineResource, Described } from '../define.ts';
import { Identifier } from './feature-kinds.ts';

const GateSpec = Closed({
  metric: Described(Type.String(), 'A metric that the trainer logged.'),
  min: Type.Optional(Described(Type.Number(), 'The least value that passes. Absent: only `max` counts; one of the two is needed.')),
  max: Type.Optional(Described(Type.Number(), 'The greatest value that passes. Absent: only `min` counts.')),
});

const AdmissionSpec = Closed({
  maxBytes: Type.Optional(
    Described(Type.Integer({ minimum: 1 }), 'Size of the file. Absent: as much as the registry allows (`REGISTRY_ADMISSION_MAX_MB`).'),
  ),
  maxMemoryMb: Type.Optional(
    Described(Type.Integer({ minimum: 64 }), 'Memory of the process that opens it. Absent: `REGISTRY_ADMISSION_MAX_MEMORY_MB`.'),
  ),
  maxSeconds: Type.Optional(
    Described(Type.Integer({ minimum: 1, maximum: 600 }), 'Time of that process. Absent: `REGISTRY_ADMISSION_MAX_SECONDS`.'),
  ),
});

export const ModelSpec = Closed({
  gates: Type.Optional(
    Described(Type.Array(GateSpec), 'A version whose metrics are not within all of them is refused. Absent: any metric will do.'),
  ),
  firstVersionAlias: Type.Optional(
    Described(
      Identifier,
      'The first approved version gets this alias; every later move is a decision. Absent: no version gets an alias by itself.',
    ),
  ),
  admission: Type.Optional(
    Described(AdmissionSpec, 'Limits of the process that opens a model file for the first time. Absent: as the registry is configured.'),
  ),
});
export type ModelSpec = Static<typeof ModelSpec>;

export const Model = defineResource('Model', {
  plural: 'models',
  owner: 'registry',
  spec: ModelSpec,
  order: 50,
  description: 'A name in the registry with its gates and admission limits.',
});
