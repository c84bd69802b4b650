import { compareQuestions } from "./compare-questions.ts";
import { type QuestionForm, questionForm } from "./question-form.ts";

/** Whose questions, and asked in which setting: walls that no search looks over. */
export interface QuestionPlace {
  readonly owner: string;
  readonly setting: string;
}

interface KeptQuestion extends QuestionPlace {
  readonly form: QuestionForm;
  /** The answer's own name. */
  readonly answer: string;
}

/** The questions of one owner in one setting. */
interface Shelf {
  readonly byForm: Map<string, KeptQuestion>;
  readonly byWord: Map<string, Set<KeptQuestion>>;
}

/** Of the rarest words of a question, how many lead to candidates; two may be misspelt. */
const LEADING_WORDS = 3;
/** A word that more questions have leads nowhere: it would cost more to look at them all than a hit saves. */
const MOST_OF_A_WORD = 400;

/**
 * Questions that were answered, by owner and setting, each with the name of its answer. Each owner and setting has a shelf of its own,
 * so that no search can come upon another's. Bounded in number: what was not asked for longest goes first.
 */
export class SimilarQuestions {
  readonly #most: number;
  readonly #owners = new Map<string, Map<string, Shelf>>();
  /** By owner and answer, in the order of their last use. */
  readonly #kept = new Map<string, KeptQuestion>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#kept.size;
  }

  keep(place: QuestionPlace, question: string, answer: string): void {
    const form = questionForm(question);
    if (!form || this.#most === 0) return;
    this.forget(place.owner, answer);
    const shelf = this.#shelf(place);
    const formKey = keyOfForm(form);
    const same = shelf.byForm.get(formKey);
    if (same) this.forget(same.owner, same.answer);
    const kept: KeptQuestion = { owner: place.owner, setting: place.setting, form, answer };
    // Asked for anew: to forget the last one of a shelf takes the shelf away.
    const into = this.#shelf(place);
    into.byForm.set(formKey, kept);
    for (const word of new Set(form.words)) {
      const questions = into.byWord.get(word) ?? new Set();
      into.byWord.set(word, questions.add(kept));
    }
    this.#kept.set(keyOfAnswer(place.owner, answer), kept);
    for (const oldest of this.#kept.values()) {
      if (this.#kept.size <= this.#most) break;
      this.forget(oldest.owner, oldest.answer);
    }
  }

  /** The name of the answer to a question that asks the same; the same form before a misspelt one. */
  find({ owner, setting }: QuestionPlace, question: string): string | undefined {
    const shelf = this.#owners.get(owner)?.get(setting);
    const form = shelf && questionForm(question);
    if (!shelf || !form) return undefined;
    const found = shelf.byForm.get(keyOfForm(form)) ?? nearest(shelf, form);
    if (!found || found.owner !== owner || found.setting !== setting) return undefined;
    const key = keyOfAnswer(owner, found.answer);
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found.answer;
  }

  /** The answer is gone. */
  forget(owner: string, answer: string): void {
    const key = keyOfAnswer(owner, answer);
    const kept = this.#kept.get(key);
    if (!kept) return;
    this.#kept.delete(key);
    const shelves = this.#owners.get(owner)!;
    const shelf = shelves.get(kept.setting)!;
    shelf.byForm.delete(keyOfForm(kept.form));
    for (const word of new Set(kept.form.words)) {
      const questions = shelf.byWord.get(word);
      questions?.delete(kept);
      if (questions?.size === 0) shelf.byWord.delete(word);
    }
    if (shelf.byForm.size === 0) shelves.delete(kept.setting);
    if (shelves.size === 0) this.#owners.delete(owner);
  }

  #shelf({ owner, setting }: QuestionPlace): Shelf {
    const shelves = this.#owners.get(owner) ?? new Map<string, Shelf>();
    this.#owners.set(owner, shelves);
    const shelf = shelves.get(setting) ?? { byForm: new Map(), byWord: new Map() };
    shelves.set(setting, shelf);
    return shelf;
  }
}

function nearest({ byWord }: Shelf, form: QuestionForm): KeptQuestion | undefined {
  if (form.isStrict) return undefined;
  const leading = [...new Set(form.words)]
    .flatMap((word) => byWord.get(word) ?? [])
    .filter(({ size }) => size <= MOST_OF_A_WORD)
    .sort((one, other) => one.size - other.size)
    .slice(0, LEADING_WORDS);
  let best: KeptQuestion | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of new Set(leading.flatMap((questions) => [...questions]))) {
    if (candidate.form.isStrict || candidate.form.words.length !== form.words.length) continue;
    const compared = compareQuestions(form, candidate.form);
    if (compared.same && compared.misspelt < fewest) [best, fewest] = [candidate, compared.misspelt];
  }
  return best;
}

function keyOfForm({ words, isStrict }: QuestionForm): string {
  return `${isStrict ? "strict " : ""}${words.join(" ")}`;
}

function keyOfAnswer(owner: string, answer: string): string {
  return `${answer} ${owner}`;
}
