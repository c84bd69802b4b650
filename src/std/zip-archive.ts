import { crc32, deflateRawSync } from "node:zlib";

export interface ArchiveFile {
  /** With slashes, ASCII. */
  readonly name: string;
  readonly text: string;
}

/** 1980-01-01, the first day there is in this format: the same files make the same bytes whenever they are written. */
const FIRST_DAY = 0x0021;
const DEFLATED = 8;
const VERSION = 20;

/** A ZIP archive of texts in UTF-8, without the extensions for more than 65,535 files or 4 GiB. */
export function zipArchive(files: readonly ArchiveFile[]): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, text } of files) {
    const plain = Buffer.from(text, "utf8");
    const packed = deflateRawSync(plain);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(VERSION, 0);
    facts.writeUInt16LE(DEFLATED, 4);
    facts.writeUInt16LE(FIRST_DAY, 8);
    facts.writeUInt32LE(crc32(plain), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(plain.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const entry = [word(0x04034b50), facts, Buffer.from(name, "ascii"), packed];
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(word(0x02014b50), half(VERSION), facts, place, Buffer.from(name, "ascii"));
    for (const part of entry) offset += part.length;
    parts.push(...entry);
  }
  const list = Buffer.concat(directory);
  const counts = [half(0), half(0), half(files.length), half(files.length)];
  return Buffer.concat([...parts, list, word(0x06054b50), ...counts, word(list.length), word(offset), half(0)]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function half(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
