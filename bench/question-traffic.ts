/** A question as it comes over the wire, and which question it is. */
export interface AskedQuestion {
  readonly text: string;
  readonly of: number;
}

type Draw = () => number;
const pick = <T>(values: readonly T[], draw: Draw): T => values[draw() % values.length]!;
const share = (percent: number, draw: Draw) => draw() % 100 < percent;

const BEFORE = ["Hi, ", "Hello, ", "Please, ", "Hey, ", "Good morning. ", "Quick question: ", "Excuse me, "];
const AFTER = [" please", " thanks", ". Thank you!", ", please?", " Thanks in advance."];
const ASKING = ["can you tell me ", "Could you please tell me ", "please tell me ", "I want to know ", "I'd like to know ", "do you know "];

/**
 * Questions as a help desk gets them: a few come very often (Zipf), and none is typed twice alike. The shares of the changes are ours, not measured
 * anywhere: capital letters, marks, courtesies, a misspelling, an article, "how do I" for "how can I", another order of clauses.
 */
export function questionTraffic(questions: readonly string[], calls: number, draw: Draw): AskedQuestion[] {
  const weights = questions.map((_, rank) => 1 / (rank + 1));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: calls }, () => {
    let left = (draw() / 2 ** 32) * whole;
    let of = 0;
    while (of < questions.length - 1 && left > weights[of]!) left -= weights[of++]!;
    return { of, text: retyped(questions[of]!, draw) };
  });
}

/** The same question, typed by somebody else. */
export function retyped(question: string, draw: Draw): string {
  let text = question.trim();
  if (share(40, draw)) text = text.replace(/[?.!]+$/, "");
  if (share(20, draw)) text = text.replace(/\b(the|a|an|my) /i, () => pick(["", "the ", "my "], draw));
  if (share(20, draw))
    text = text.replace(/^how (do|can|would) i /i, () => pick(["how do I ", "how can I ", "how to ", "How would I "], draw));
  if (share(15, draw)) text = text.replace(/\b(what|where|how|who) is\b/i, (words) => `${words.slice(0, -3)}'s`);
  if (share(10, draw)) text = swapped(text);
  if (share(8, draw)) text = misspelt(text, draw);
  if (share(10, draw) && /^(what|how|where|when|why|who)\b/i.test(text)) text = pick(ASKING, draw) + text;
  if (share(15, draw)) text = pick(BEFORE, draw) + text;
  if (share(10, draw)) text = text.replace(/[?.!]+$/, "") + pick(AFTER, draw);
  if (share(40, draw)) text = text.toLowerCase();
  else if (share(5, draw)) text = text.toUpperCase();
  if (share(5, draw)) text = text.replace(" ", "  ");
  return text;
}

function swapped(text: string): string {
  const clauses = /^(.{12,}?) (if|when|because|since) (.{12,}?)([.?!]*)$/i.exec(text);
  return clauses ? `${clauses[2]} ${clauses[3]}, ${clauses[1]}${clauses[4]}` : text;
}

function misspelt(text: string, draw: Draw): string {
  const words = text.split(" ");
  const long = words.flatMap((word, at) => (/^[a-z]{5,}$/.test(word) ? [at] : []));
  if (long.length === 0) return text;
  const at = pick(long, draw);
  const word = words[at]!;
  const letter = 1 + (draw() % (word.length - 2));
  const changes = [
    word.slice(0, letter) + word.slice(letter + 1),
    word.slice(0, letter) + word[letter] + word.slice(letter),
    word.slice(0, letter) + word[letter + 1] + word[letter] + word.slice(letter + 2),
    `${word.slice(0, letter)}${String.fromCharCode(97 + (draw() % 26))}${word.slice(letter + 1)}`,
  ];
  words[at] = pick(changes, draw);
  return words.join(" ");
}
