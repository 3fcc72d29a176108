/** The npm package, in Node as in a page: what differs is where files are. */

/**
 * @typedef {object} Store
 * @property {(name: string) => Promise<Blob>} read a file of the writer's folder
 * @property {(name: string, data: Blob | Uint8Array | string) => Promise<void>} write
 * @property {(length: number) => Promise<Blob>} plain a plaintext
 */

/**
 * @param {typeof import("fortress-sdk") & typeof import("fortress-sdk/grants")} fortress both entries
 * @param {Record<string, any>} plan
 * @param {Store} store
 * @returns {Promise<Record<string, unknown>>} an answer for each item
 */
export async function carryOut(fortress, plan, store) {
  const party = await Party.start(fortress, plan, store);
  const answers = {};
  for (const item of plan.items) {
    try {
      answers[item.name] = (await party[`${plan.verb}_${item.kind}`](item)) ?? null;
    } catch (error) {
      answers[item.name] = { error: `${error?.name}: ${error?.message} ${error?.code ?? ""}` };
    }
  }
  return answers;
}

class Party {
  static async start(fortress, plan, store) {
    const { passes, memory_kib: memoryKiB, lanes } = plan.argon2;
    const secret = { passphrase: plan.passphrase, argon2: { passes, memoryKiB, lanes } };
    const party = Object.assign(new Party(), { fortress, store, secret, context: plan.context, external: plan.external });
    if (plan.verb === "write") {
      party.keyring = await fortress.Keyring.generate({ profile: "fortress" });
      party.keyring.rotate();
      party.keyring.rotate();
      party.keyring.destroyVersion(party.keyring.versions[0].id);
    } else {
      party.keyring = await party.open("keyring", secret);
    }
    party.narrowed = party.keyring.scope(...plan.scope);
    return party;
  }

  async open(name, identity) {
    return this.fortress.Keyring.open(await this.store.read(name), identity);
  }

  async opener({ by }) {
    switch (by) {
      case "passphrase": return this.secret;
      case "identity": return this.identity();
      case "shares": return { shares: (await this.stored("shares")).slice(1) };
      case "external": return vault(this.external);
      case "scoped": return (this.scoped ??= await this.open("scoped", this.secret));
      case "granted": return (this.granted ??= await this.open("granted", this.keyring));
      default: return this.narrowed;
    }
  }

  write_keyring(item) { return this.seal(item, this.keyring, this.secret); }
  write_scoped(item) { return this.seal(item, this.narrowed, this.secret); }
  write_granted(item) { return this.seal(item, this.narrowed, this.keyring); }

  async seal({ name }, keyring, recipient) {
    await this.store.write(name, await keyring.seal(recipient));
    return described(keyring);
  }

  async read_keyring() { return described(this.keyring); }
  async read_scoped() { return described(await this.opener({ by: "scoped" })); }
  async read_granted() { return described(await this.opener({ by: "granted" })); }

  async write_file({ name, suite, length, by }) {
    const { context } = this;
    const recipients = await this.recipients(by);
    await this.store.write(name, await this.fortress.encryptBlob(await this.store.plain(length), { recipients, suite, context }));
  }

  async recipients(by) {
    switch (by) {
      case "passphrase": return this.secret;
      case "identity": return (await this.identity()).publicIdentity;
      case "shares": return this.shareSet();
      case "external": return vault(this.external);
      case "scope": return this.narrowed.scopeIdentity();
      default: return this.narrowed;
    }
  }

  async shareSet() {
    const set = await this.fortress.ShareSet.generate({ shares: 3, threshold: 2 });
    await this.store.write("shares", JSON.stringify(set.exposeShares()));
    return { shares: set };
  }

  async read_file(item) {
    const { context } = this;
    const plaintext = await this.fortress.decryptBlob(await this.store.read(item.name), { identity: await this.opener(item), context });
    return sha256(await plaintext.arrayBuffer());
  }

  async read_parts({ file, ranges }) {
    const opened = await this.narrowed.openSource(await this.store.read(file), { context: this.context });
    const digests = [];
    for (const [start, end] of ranges) digests.push(await sha256(await opened.read(start, end)));
    opened.free();
    return digests;
  }

  async write_token({ name, length }) {
    await this.store.write(name, JSON.stringify(this.narrowed.encrypt(await this.value(length), this.context)));
  }

  async read_token({ name }) {
    return sha256(this.narrowed.decrypt(await this.stored(name), this.context));
  }

  async write_row({ name, fields }) {
    await this.store.write(name, JSON.stringify({ fields: this.narrowed.encryptRow(await this.row(fields), this.context) }));
  }

  async write_hoisted({ name, fields }) {
    await this.store.write(name, JSON.stringify(this.narrowed.encryptRowHoisted(await this.row(fields), this.context)));
  }

  async read_row({ name }) {
    const row = await this.stored(name);
    const values = this.narrowed.decryptRow(row.header === undefined ? row.fields : row, this.context);
    const digests = await Promise.all(Object.entries(values).map(async ([field, value]) => [field, await sha256(value)]));
    return Object.fromEntries(digests);
  }

  read_hoisted(item) { return this.read_row(item); }

  async write_column({ name, lengths }) {
    const values = await Promise.all(lengths.map((length) => (length === null ? null : this.value(length))));
    await this.store.write(name, JSON.stringify(this.narrowed.encryptColumn(values, { context: this.context, contexts: rows(values) })));
  }

  async read_column({ name }) {
    const tokens = await this.stored(name);
    const values = this.narrowed.decryptColumn(tokens, { context: this.context, contexts: rows(tokens) });
    return Promise.all(values.map((value) => (value === null ? null : sha256(value))));
  }

  async identity() {
    return this.fortress.Identity.fromSecret(await this.text("identity"));
  }

  async write_identity({ name }) {
    const identity = await this.fortress.Identity.generate();
    await this.store.write(name, identity.exposeSecret());
    return identity.publicIdentity;
  }

  async read_identity() { return (await this.identity()).publicIdentity; }

  async write_held({ name }) {
    const shares = await this.fortress.ShareSet.generate({ shares: 3, threshold: 2 });
    await this.store.write(name, await this.narrowed.seal({ shares, holders: [await this.identity()] }));
    return shares.exposeShares().slice(0, 1);
  }

  async read_held({ name }) {
    return (await this.identity()).exposeHeldShares(await this.store.read(name));
  }

  async signing(algorithm) {
    return this.fortress.SigningKey.fromSecret(await this.text(`signing-${algorithm}`));
  }

  async write_signing({ name, algorithm }) {
    const key = await this.fortress.SigningKey.generate({ algorithm });
    await this.store.write(name, key.exposeSecret());
    return key.verifyingKey;
  }

  async read_signing({ algorithm }) { return (await this.signing(algorithm)).verifyingKey; }

  async write_grant(item) {
    const [recipients, signer] = [await this.identity(), await this.signing(item.algorithm)];
    const until = new Date(Date.now() + 86_400_000);
    const sealed = await this.narrowed.grant({ recipients, signer, actions: item.actions, until, purpose: "für Anfragen", granterName: "Grace" });
    await this.store.write(item.name, sealed);
    return this.read_grant(item);
  }

  async read_grant({ name, algorithm, length, actions }) {
    const sealed = await this.store.read(name);
    const trusted = (await this.signing(algorithm)).verifyingKey;
    const grant = await this.fortress.Grant.open(sealed, { identity: await this.identity(), trusted });
    const { granter, id, path, purpose, granterName, recipientName } = grant;
    const times = [grant.from, grant.until].map((moment) => moment.getTime() / 1000);
    const value = actions === "encrypt" ? await this.throughGrant(grant, length) : grant.keyring().decrypt(await this.stored(`token-${length}`), this.context);
    return { granter: granter.verifyingKey, id, path, actions: grant.actions, times, texts: [purpose, granterName, recipientName], value: await sha256(value) };
  }

  /** What the keyring decrypts that a grant encrypted. */
  async throughGrant(grant, length) {
    const file = await this.fortress.encryptBlob(await this.store.plain(length), { recipients: grant });
    return (await this.narrowed.decryptBlob(file)).arrayBuffer();
  }

  async row(fields) {
    const values = await Promise.all(Object.entries(fields).map(async ([name, length]) => [name, await this.value(length)]));
    return Object.fromEntries(values);
  }

  async value(length) {
    return new Uint8Array(await (await this.store.plain(length)).arrayBuffer());
  }

  async stored(name) {
    return JSON.parse(await this.text(name));
  }

  async text(name) {
    return (await this.store.read(name)).text();
  }
}

/** A key of a program's own: AES-256-GCM by the engine. */
function vault({ reference, key }) {
  const bytes = Uint8Array.from(key.match(/../g), (byte) => parseInt(byte, 16));
  const aes = crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  const gcm = (iv, additionalData) => ({ name: "AES-GCM", iv, additionalData });
  return {
    reference,
    async wrap(fileKey, associated) {
      const nonce = crypto.getRandomValues(new Uint8Array(12));
      const wrapped = await crypto.subtle.encrypt(gcm(nonce, associated), await aes, fileKey);
      return new Uint8Array([...nonce, ...new Uint8Array(wrapped)]);
    },
    async unwrap(wrapped, associated) {
      const opened = await crypto.subtle.decrypt(gcm(wrapped.slice(0, 12), associated), await aes, wrapped.slice(12));
      return new Uint8Array(opened);
    },
  };
}

function described({ profile, path, primary, versions }) {
  return { profile, path, primary, versions: versions.map(({ id, created, state }) => [id, created.getTime() / 1000, state]) };
}

function rows(column) {
  return column.map((_, row) => ({ row: String(row) }));
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
