/** What serving says about its endpoints. */
import { Type } from 'typebox';
import { defineEvent, defineTopic } from './define.ts';
import { ModelName, ModelVersion, Name } from './ids.ts';
import { DeploymentSpec } from './resources/deployment.ts';

export const DeploymentChanged = defineEvent(
  'deployment.changed',
  Type.Object({
    name: Name,
    generation: Type.Integer({ minimum: 1 }),
    deleted: Type.Boolean(),
    spec: DeploymentSpec,
  }),
);
/** A version answers (or shadows) from now on: it was loaded and warmed before the switch. */
export const DeploymentSwitched = defineEvent(
  'deployment.switched',
  Type.Object({
    name: Name,
    model: ModelName,
    alias: Name,
    version: Type.Union([ModelVersion, Type.Null()]),
    previous: Type.Union([ModelVersion, Type.Null()]),
    milliseconds: Type.Number(),
  }),
);
/** Endpoints as declared and as they answer. Key: deployment. Folded from the start. */
export const deployments = defineTopic('deployments.v1', {
  events: [DeploymentChanged, DeploymentSwitched],
  key: (event) => event.data.name,
  owner: 'serving',
  retentionDays: 'forever',
  public: true,
  description: 'Deployments as declared, and which version began to answer when.',
});
