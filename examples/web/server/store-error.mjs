/** A refusal, with the HTTP status and the code that the client is told. */
export class StoreError extends Error {
  /** @param {number} status  @param {string} code  @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.name = "StoreError";
    this.status = status;
    this.code = code;
  }
}
