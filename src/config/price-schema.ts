import { Type } from "typebox";
import { PRICE_KEYS, type PriceKey } from "../core/pricing/price-figures.ts";
import { amount, closed, list, text } from "./setting-shapes.ts";

/* The settings of prices, and of what stands over them: contracts, markups, rates of exchange. */

const PRICE_DESCRIPTIONS: Record<PriceKey, string> = {
  input_mtok: "USD per million input tokens.",
  cache_read_mtok: "USD per million input tokens read from the provider's cache.",
  cache_write_mtok: "USD per million input tokens written to the provider's cache.",
  cache_write_5m_mtok: "USD per million tokens written to a cache of 5 minutes.",
  cache_write_1h_mtok: "USD per million tokens written to a cache of 1 hour.",
  input_audio_mtok: "USD per million audio input tokens.",
  cache_audio_read_mtok: "USD per million audio tokens read from the cache.",
  input_image_mtok: "USD per million image input tokens.",
  cache_image_read_mtok: "USD per million image tokens read from the cache.",
  input_video_mtok: "USD per million video input tokens.",
  cache_video_read_mtok: "USD per million video tokens read from the cache.",
  output_mtok: "USD per million output tokens.",
  output_audio_mtok: "USD per million audio output tokens.",
  output_image_mtok: "USD per million image output tokens.",
  output_video_mtok: "USD per million video output tokens.",
  output_reasoning_mtok: "USD per million reasoning tokens.",
  output_citation_mtok: "USD per million citation tokens.",
  requests_kcount: "USD per thousand requests.",
  web_searches_kcount: "USD per thousand web searches.",
  input_audio_hours: "USD per hour of audio that goes in.",
  output_audio_hours: "USD per hour of audio that comes out.",
  input_mchars: "USD per million characters of input.",
  input_images_kcount: "USD per thousand images that go in.",
  output_images_kcount: "USD per thousand images that come out.",
  input_gpixels: "USD per billion pixels of images that go in.",
  input_document_kpages: "USD per thousand pages of documents.",
  input_annotated_document_kpages: "USD per thousand pages of documents with annotations.",
  input_text_messages_kcount: "USD per thousand text messages of a live session.",
  rerank_searches_kcount: "USD per thousand rerank searches (Cohere's search units).",
  classifications_kcount: "USD per thousand classifications.",
  social_searches_kcount: "USD per thousand searches in social networks.",
  storage_searches_kcount: "USD per thousand searches in stored files.",
  code_executions_kcount: "USD per thousand runs of code by the provider.",
  seats: "USD per seat.",
};
const price = (key: PriceKey) => Type.Optional(amount(PRICE_DESCRIPTIONS[key], "price"));
const figures = Object.fromEntries(PRICE_KEYS.map((key) => [key, price(key)])) as { [Key in PriceKey]: ReturnType<typeof price> };

const dated = (what: string) => ({
  valid_from: Type.Optional(text(`First moment of the ${what}. Since ever by default.`, { format: "instant" })),
  valid_to: Type.Optional(text(`First moment at which the ${what} no longer holds. For ever by default.`, { format: "instant" })),
  known_at: Type.Optional(
    text(`When you learned of the ${what}: months priced as known before leave it out. Since ever by default.`, { format: "instant" }),
  ),
});

export const priceOverride = closed(
  {
    provider: text("Provider id in the price list: a provider's price_list.", { format: "scope-value" }),
    model: text("The exact model name at that provider.", { format: "scope-value" }),
    ...figures,
    tiers: Type.Optional(
      list(
        closed(
          {
            above: Type.Integer({ minimum: 0, description: "The tier holds for calls with more input tokens than this." }),
            input_mtok: price("input_mtok"),
            output_mtok: price("output_mtok"),
            cache_read_mtok: price("cache_read_mtok"),
            cache_write_mtok: price("cache_write_mtok"),
          },
          "One tier.",
        ),
        "Prices of long calls.",
        {},
      ),
    ),
    batch: Type.Optional(Type.Boolean({ description: "true: the price of batch calls." })),
    service_tier: Type.Optional(text("The price of this service tier.", { format: "scope-value" })),
    context_window: Type.Optional(Type.Integer({ minimum: 1, description: "Most tokens that the model reads at once." })),
    free: Type.Optional(
      Type.Boolean({ description: "true: the model costs nothing. Needed in place of a price; a missing price is no zero." }),
    ),
    currency: Type.Optional(
      text("Currency of the figures, such as EUR; it needs a rate in `fx_rates`. USD by default.", { format: "currency" }),
    ),
    ...dated("price"),
  },
  "A price of your contract, or of a model that the list does not have. Replaces the list price.",
);

export const contract = closed(
  {
    id: text("Name of the contract; price ids of discounted prices carry it.", { format: "channel-name" }),
    provider: text("Provider id in the price list.", { format: "scope-value" }),
    model: Type.Optional(text("Only models of this name, or beginning with what stands before a *.", { format: "model-pattern" })),
    discount_percent: Type.Optional(
      amount("Discount on the list price. Prices of `prices` and of row files are what you pay already.", "percent"),
    ),
    commitment_usd: Type.Optional(amount("What you owe for each calendar month (UTC) even when you use less.", "usd")),
    ...dated("contract"),
  },
  "What a provider grants you on its list prices, and what you have promised to spend there.",
);

export const markup = closed(
  {
    tenant: Type.Optional(text("Only calls of this tenant.", { format: "scope-value" })),
    provider: Type.Optional(text("Only calls priced by this list.", { format: "scope-value" })),
    model: Type.Optional(text("Only models of this name, or beginning with what stands before a *.", { format: "model-pattern" })),
    percent: amount("What comes on top of the contracted cost.", "percent"),
    ...dated("markup"),
  },
  "What tenants are billed on top of what their calls cost. Budgets and the ledger keep to the contracted cost.",
);

export const fxRate = closed(
  {
    currency: text("Currency, such as EUR.", { format: "currency" }),
    usd: amount("What one unit of it is in USD, with at most 9 decimal places.", "usd"),
    ...dated("rate"),
    source: Type.Optional(text("Where the rate was published.")),
  },
  "A rate of exchange. It holds until a later one of the same currency begins; a price without a rate is no price.",
);
