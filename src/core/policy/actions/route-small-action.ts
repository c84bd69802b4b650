import { type ActionKind, percentOf, SHARE_REST, turn } from "../action.ts";

export const routeSmallAction: ActionKind = {
  forms: [
    { word: "route_small_model", rest: SHARE_REST, usage: "route_small_model>=65%" },
    { word: "route_small", rest: SHARE_REST, usage: "route_small>=0.65" },
  ],
  meaning: "Raises `small_model_share` to the share, in percent or as a part of 1.",
  expected: "a share above 0 up to 100%, or up to 1 without the percent sign",
  read(value) {
    const percent = percentOf(value);
    return percent === undefined ? undefined : [turn("small_model_share", percent)];
  },
};
