/** Markup that is safe to send. Only `html` makes it, so a plain string can never pass for it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = Markup | string | number | readonly Markup[] | undefined;

/** A template whose values are escaped unless they are markup themselves; undefined leaves nothing. */
export function html(fixed: TemplateStringsArray, ...pieces: Piece[]): Markup {
  let text = fixed[0]!;
  for (const [index, piece] of pieces.entries()) text += textOf(piece) + fixed[index + 1]!;
  return new Markup(text);
}

function textOf(piece: Piece): string {
  if (piece === undefined) return "";
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === "object") return piece.map((part) => part.text).join("");
  return escapeHtml(String(piece));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
