import { killJourney } from "./kill-journey.ts";

killJourney("SQLite", async () => ({ setting: "sqlite", dispose: async () => {} }));
