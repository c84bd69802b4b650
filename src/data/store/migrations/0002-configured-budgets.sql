-- What the configuration file said of a budget when that was last applied, so that a later change of ours stands until the file changes.
ALTER TABLE budget ADD COLUMN configured TEXT;
