/** The verifier finds what is wrong with how a saga takes things back. */
import { expectFound } from './expect-found.ts';
import { themes } from './planted-faults.ts';

expectFound(themes.undo);
expectFound(themes.stop);
