/** "tenant=acme,use_case=ops"; "*" for everything. */
export function scopeText(scope: Readonly<Record<string, string>>): string {
  return (
    Object.entries(scope)
      .map(([name, value]) => `${name}=${value}`)
      .join(",") || "*"
  );
}
