import { Member, Named, listOf, orNull } from '#platform/http/schema/json-schema.js';
import { COUNT, TEXT } from '#platform/http/schema/texts.js';
import type { Analysis } from '../../domain/analyse.js';

const IDS = listOf(TEXT);

@Named('PolicyAnalysis', 'Who could meet a policy, and with whom. People are named by their ids')
export class AnalysisBody implements Analysis {
  @Member({ type: 'boolean' }) readonly satisfiable: boolean;
  @Member(orNull(COUNT)) readonly smallestSize: number | null;
  @Member(orNull({ ...IDS, description: 'One of the smallest sets of people who meet it' })) readonly smallestSet: readonly string[] | null;
  @Member({ ...IDS, description: 'Who could meet it without anybody else' }) readonly sufficientAlone: readonly string[];
  @Member({ ...IDS, description: 'Groups whose members could, without anybody else' }) readonly groupsSufficientAlone: readonly string[];
  @Member({ ...IDS, description: 'Without whom it cannot be met' }) readonly indispensable: readonly string[];
  @Member({ type: 'boolean', description: 'False: it was too much to look at all of it. What is answered was found, but there may be a smaller set, or more' }) readonly exact: boolean;
}
