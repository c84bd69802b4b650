/*
 * What two questions may differ in and still ask the same. Everything that is not listed here counts: so a word that nobody thought of
 * keeps two questions apart, and never brings two together.
 */

/** Words that change nothing wherever they stand. */
export const HARMLESS_WORDS: ReadonlySet<string> = new Set("a an the my please pls plz kindly do does thanks thx um uh".split(" "));

/** Other ways to write a word, and words that are always the same word. */
export const SAME_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ am: "be", is: "be", are: "be", could: "can", u: "you", ur: "your", info: "information", purchase: "buy", assist: "help" },
    ...{
      cancelled: "canceled",
      cancelling: "canceling",
      colour: "color",
      favourite: "favorite",
      travelling: "traveling",
      centre: "center",
    },
    ...{ tmrw: "tomorrow", msg: "message", msgs: "messages", pic: "picture", pics: "pictures", photo: "picture", photos: "pictures" },
    ...{ recognise: "recognize", organise: "organize", authorise: "authorize", grey: "gray", licence: "license", programme: "program" },
    ...{ "&": "and", acct: "account", transfered: "transferred", recieve: "receive", recieved: "received" },
  }),
);

/** Contractions and what people make of them without the apostrophe. */
export const CONTRACTIONS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    ...{ "can't": ["can", "not"], cannot: ["can", "not"], cant: ["can", "not"], "won't": ["will", "not"], "shan't": ["shall", "not"] },
    ...{ dont: ["not"], "don't": ["not"], doesnt: ["not"], "doesn't": ["not"], didnt: ["did", "not"], isnt: ["be", "not"] },
    ...{ "isn't": ["be", "not"], "aren't": ["be", "not"], arent: ["be", "not"], wasnt: ["was", "not"], hasnt: ["has", "not"] },
    ...{ havent: ["have", "not"], couldnt: ["can", "not"], "couldn't": ["can", "not"], wouldnt: ["would", "not"] },
    ...{ "i'm": ["i", "be"], im: ["i", "be"], "i've": ["i", "have"], ive: ["i", "have"], "i'd": ["i", "would"], "i'll": ["i", "will"] },
    ...{ whats: ["what", "be"], hows: ["how", "be"], wheres: ["where", "be"], whos: ["who", "be"], thats: ["that", "be"] },
    ...{ "let's": ["let", "us"], wanna: ["want", "to"], gonna: ["going", "to"], "y'all": ["you", "all"] },
  }),
);

const words = (texts: readonly string[]): readonly (readonly string[])[] => texts.map((text) => text.split(" "));

/** Courtesies at the beginning that say nothing, when what is asked follows. After contractions and same words. */
export const COURTESIES = words([
  ...["good morning", "good afternoon", "good evening", "excuse me", "sorry", "quick question", "i have a question", "i have question"],
  ...[
    "hi",
    "hello",
    "hey",
    "ok",
    "okay",
    "well",
    "so",
    "dear team",
    "dear support",
    "can you help me",
    "can you please help me",
    "please help",
    "please help me",
    "hi there",
    "hello there",
  ],
]);

/** The same at the end. */
export const CLOSINGS = words([
  ...["thank you", "thank you very much", "thank you so much", "many thanks", "thanks in advance", "thank you in advance"],
  ...["cheers", "best regards", "kind regards", "thanks a lot", "thanks so much"],
]);

/** Ways to begin a question that a question word follows: "can you tell me what …" asks "what …". */
export const ASKING = words([
  ...["tell me", "can you tell me", "would you tell me", "will you tell me", "do you know", "i want to know", "i would like to know"],
  ...["i need to know", "i was wondering", "i be wondering", "let me know", "may i know", "can i know", "can i ask", "may i ask"],
  ...["can you let me know", "be you able to tell me", "i like to know", "you know", "i would love to know", "can you please tell me"],
]);

/** Words after which a letter is a label, so that "a" is none of the articles: "hepatitis a", "plan a". */
export const LABELLED_WORDS: ReadonlySet<string> = new Set(
  `vitamin hepatitis influenza grade class type group team plan option appendix annex exhibit schedule section part article clause model version series
   block building room gate terminal platform zone line unit form step case point variant factor protein strep category level phase tier side`
    .trim()
    .split(/\s+/),
);

/** Words that are names where they are written as such: who looks for Turkey does not mean the bird. */
export const NAMES_AS_WORDS: ReadonlySet<string> = new Set(
  `polish march may august turkey china chad jordan georgia guinea nice reading bath mobile orange cork lima split brest hull deal wells
   apple amazon windows word excel access edge office outlook teams zoom signal slack stripe square shell target gap visa oracle meta alphabet
   chase discover sky virgin next boots subway python java swift rust go ruby pages numbers keynote drive maps photos chrome safari
   mark bill rob frank grant rose joy hope faith grace will jack dick pat sue art miles rich dean earl mercury mars saturn earth sun moon
   bush brown black white green young king bishop cook baker smith stone wood hill lake rivers waters fields frost snow winter summer`
    .trim()
    .split(/\s+/),
);

export const QUESTION_WORDS: ReadonlySet<string> = new Set("what how when where who why which whose whom if whether".split(" "));

/** Beginnings that are the same request. */
export const SAME_BEGINNINGS: readonly (readonly [readonly string[], readonly string[]])[] = (
  [
    ...["how i", "how can i", "how would i", "how to", "how can one", "what be way to", "how i go about to", "how might i"].map(
      (text) => [text, "how to"] as const,
    ),
    ...["i want to", "i would like to", "i need to", "want to", "need to", "would like to"].map((text) => [text, "want to"] as const),
    ...["can i", "be i able to", "be it possible to", "be it possible for me to", "be there way to", "may i"].map(
      (text) => [text, "can i"] as const,
    ),
    ...["can you", "would you", "will you"].flatMap((text) =>
      ["tell", "show", "give", "explain", "check", "find", "list", "help", "look", "make", "set", "let"].map(
        (verb) => [`${text} ${verb}`, verb] as const,
      ),
    ),
    ...["i want you to", "i need you to", "i would like you to"].map((text) => [text, ""] as const),
  ] as const
)
  .map(([text, same]) => [text.split(" "), same === "" ? [] : same.split(" ")] as const)
  .sort(([one], [other]) => other.length - one.length);

/** Questions about words themselves, where every word counts: to drop one changes the answer. */
export const ABOUT_WORDS: ReadonlySet<string> = new Set(
  `translate translation translated say said saying spell spelling spelled pronounce pronunciation word words mean means meaning define definition
   synonym synonyms antonym antonyms rhyme rhymes grammar grammatical rewrite rephrase paraphrase summarize summarise summary correct proofread write
   count letter letters sentence sentences quote phrase vowel vowels syllable syllables language called repeat type code regex`
    .trim()
    .split(/\s+/),
);

/** Where these stand, one thing and several things are different questions. */
export const COUNTING_WORDS: ReadonlySet<string> = new Set(
  "last latest first next previous only one two three both each every all any single another other many few several recent newest oldest top".split(
    " ",
  ),
);

/** Words that may stand elsewhere without a change: "what the weather is", "what is the weather". */
export const FLOATING_WORDS: ReadonlySet<string> = new Set(["be"]);

/** Where a second clause begins, so that the two may change places. */
export const CLAUSE_WORDS: ReadonlySet<string> = new Set("if when because since while after before once".split(" "));

export const NEGATIONS: ReadonlySet<string> = new Set(
  "not no never none nothing nobody nowhere neither nor without unable hardly barely except unless nt".split(" "),
);

/** Pairs of which one is not the other, for saying why two questions differ. */
export const OPPOSITES: ReadonlyMap<string, string> = new Map(
  `enable:disable activate:deactivate increase:decrease before:after open:close start:stop add:remove buy:sell send:receive lock:unlock block:unblock
   freeze:unfreeze accept:reject approve:decline allow:deny deposit:withdraw incoming:outgoing credit:debit import:export upload:download first:last
   minimum:maximum more:less most:least above:below over:under always:never with:without on:off in:out up:down from:to login:logout subscribe:unsubscribe
   physical:virtual domestic:international free:paid cheap:expensive long:short old:new true:false legal:illegal install:uninstall show:hide
   connect:disconnect lend:borrow win:lose early:late public:private internal:external encrypt:decrypt attach:detach follow:unfollow raise:lower
   top:bottom left:right inside:outside male:female high:low fast:slow best:worst arrive:leave push:pull`
    .trim()
    .split(/\s+/)
    .flatMap((pair) => {
      const [one, other] = pair.split(":") as [string, string];
      return [[one, other] as const, [other, one] as const];
    }),
);
