/** `fortress-sdk/unlock`: passkeys, this device's key and a store for sealed keyrings, in browsers. Import `fortress-sdk` beside it. */

export { deviceKey, forgetDeviceKey, type DeviceKeyOptions, type DeviceSecretOptions } from "../unlock/device.js";
export { enrolPasskey, passkeys, type EnrolOptions, type PasskeyOptions, type Passkeys } from "../unlock/passkey.js";
export * from "./errors.js";
export { KeyringStore, type DeleteOptions, type KeyringStoreOptions, type SaveOptions, type StoredKeyring } from "../unlock/store.js";
