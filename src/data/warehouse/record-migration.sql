-- Remembers that a migration was applied. Asked by: the opening that applied it.
INSERT INTO finops.schema_migration (name, checksum)
SELECT {name:String}, {checksum:String}
