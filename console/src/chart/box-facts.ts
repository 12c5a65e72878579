/** What is said of a state beside its name. */
export interface BoxFacts {
  readonly text: string;
  readonly tone: 'plain' | 'attention' | 'bad';
}
