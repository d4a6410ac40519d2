import { Module } from '@nestjs/common';
import { ControlPlaneController } from './control-plane.controller.js';
import { CredentialsController } from './credentials.controller.js';
import { DeputiesController } from './deputies.controller.js';
import { PeopleController } from './people.controller.js';
import { PoliciesController } from './policies.controller.js';
import { SessionsController } from './sessions.controller.js';

/** The calls on the control plane. Needs the CommandBus and the QueryBus of a global CqrsModule. */
@Module({ controllers: [PoliciesController, PeopleController, DeputiesController, CredentialsController, SessionsController, ControlPlaneController] })
export class AdministrationHttpModule {}
