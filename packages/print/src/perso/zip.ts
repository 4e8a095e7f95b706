import { constants, crc32, deflateRawSync } from 'node:zlib';

/** The MS-DOS date of every entry: 1 January 1980, the first there is, so that equal input makes equal bytes. */
const epochDate = 0x21;
const version = 20;
/** Bit 3: sizes follow the data; bit 11: names are UTF-8. */
const flags = 0x0808;
const deflated = 8;
const mostBytes = 0xffff_ffff;
/** A last, empty block: what came before it are whole blocks, each ended by a flush to a byte's boundary (RFC 1951 §3.2). */
const lastBlock = Buffer.from([3, 0]);

interface Entry {
  readonly name: Buffer;
  readonly start: number;
  crc: number;
  packed: number;
  plain: number;
}

/** A ZIP file (PKWARE APPNOTE 6.3) as pieces: each method returns the bytes that come next. Entries follow one another. */
export class Zip {
  readonly #entries: Entry[] = [];
  #at = 0;

  open(name: string): Buffer {
    const entry = { name: Buffer.from(name), start: this.#at, crc: 0, packed: 0, plain: 0 };
    this.#entries.push(entry);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    writeCommon(header, 4);
    header.writeUInt16LE(entry.name.length, 26);
    return this.#counted(Buffer.concat([header, entry.name]));
  }

  add(text: string): Buffer {
    const entry = this.#entries.at(-1) as Entry;
    const bytes = Buffer.from(text);
    entry.crc = crc32(bytes, entry.crc);
    entry.plain += bytes.length;
    const packed = deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    entry.packed += packed.length;
    return this.#counted(packed);
  }

  close(): Buffer {
    const entry = this.#entries.at(-1) as Entry;
    entry.packed += lastBlock.length;
    if (entry.plain > mostBytes) throw new RangeError('an entry of more than 4 GiB');
    const sizes = Buffer.alloc(16);
    sizes.writeUInt32LE(0x08074b50, 0);
    writeSizes(sizes, 4, entry);
    return this.#counted(Buffer.concat([lastBlock, sizes]));
  }

  end(): Buffer {
    const start = this.#at;
    const directory = Buffer.concat(this.#entries.map(directoryEntry));
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(this.#entries.length, 8);
    end.writeUInt16LE(this.#entries.length, 10);
    end.writeUInt32LE(directory.length, 12);
    end.writeUInt32LE(start, 16);
    return this.#counted(Buffer.concat([directory, end]));
  }

  #counted(bytes: Buffer): Buffer {
    this.#at += bytes.length;
    return bytes;
  }
}

function directoryEntry(entry: Entry): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(version, 4);
  writeCommon(header, 6);
  writeSizes(header, 16, entry);
  header.writeUInt16LE(entry.name.length, 28);
  header.writeUInt32LE(entry.start, 42);
  return Buffer.concat([header, entry.name]);
}

function writeCommon(header: Buffer, at: number): void {
  header.writeUInt16LE(version, at);
  header.writeUInt16LE(flags, at + 2);
  header.writeUInt16LE(deflated, at + 4);
  header.writeUInt16LE(epochDate, at + 8);
}

function writeSizes(into: Buffer, at: number, { crc, packed, plain }: Entry): void {
  into.writeUInt32LE(crc, at);
  into.writeUInt32LE(packed, at + 4);
  into.writeUInt32LE(plain, at + 8);
}
