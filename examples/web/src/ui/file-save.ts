// Saving a decrypted file: straight to disk where the browser has a save dialog for pages, else as a
// download. A file that fails half-way leaves nothing behind that could be taken for the whole.

import { decryptFile, decryptFileToBlob, type Transfer } from "../data/files.ts";
import { displayName, type Label } from "../data/labels.ts";
import { type Session } from "../data/session.ts";
import { h } from "./dom.ts";

/** Chromium's dialog, which TypeScript's own library does not list because other browsers lack it. */
interface SaveDialog {
  showSaveFilePicker(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}

const URL_LIFETIME_MILLISECONDS = 60_000;

export async function saveFile(session: Session, id: string, label: Label | undefined, transfer: Transfer & { onStart: () => void }): Promise<void> {
  const name = displayName(label);
  const dialog = (window as Partial<SaveDialog>).showSaveFilePicker;
  const handle = await dialog?.call(window, { suggestedName: name });
  transfer.onStart();
  if (handle) {
    const plaintext = await decryptFile(session, id, transfer);
    // An error aborts the writable, which drops what was written so far.
    await plaintext.pipeTo(await handle.createWritable(), transfer.signal ? { signal: transfer.signal } : {});
    return;
  }
  const url = URL.createObjectURL(await decryptFileToBlob(session, id, "application/octet-stream", transfer));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), URL_LIFETIME_MILLISECONDS);
}
