// The types of SSH's own messages (RFC 4251 section 5), as far as keys are written in them.

/** Bytes, read field by field. Its readers throw RangeError beyond the end. */
export class Fields {
  readonly #bytes: Buffer;
  #at: number;

  /** `at`: where the first field begins. */
  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** A uint32. */
  number(): number {
    const number = this.#bytes.readUInt32BE(this.#at);
    this.#at += 4;
    return number;
  }

  /** A string: a length, and as many bytes. */
  string(): Buffer {
    const end = this.number() + this.#at;
    if (end > this.#bytes.length) throw new RangeError("a field goes beyond the end");
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }
}
