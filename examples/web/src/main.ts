// The page: a welcome that ends in an unlocked session, three sections that work with it, and the panel
// that shows the other side.

import "@fontsource-variable/geist/index.css";
import "@fontsource-variable/geist-mono/index.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/server.css";

import { init } from "fortress-sdk";
import { type Session } from "./data/session.ts";
import { lockWays } from "./data/ways.ts";
import { announce, byId } from "./ui/dom.ts";
import { FileSection } from "./ui/file-section.ts";
import { KeySection } from "./ui/key-section.ts";
import { RecordSection } from "./ui/record-section.ts";
import { Renewal } from "./ui/renewal.ts";
import { ServerPanel } from "./ui/server-panel.ts";
import { ShareSection } from "./ui/share-section.ts";
import { WaySection } from "./ui/way-section.ts";
import { Welcome } from "./ui/welcome.ts";

const workspace = byId("workspace", HTMLElement);
const topSession = byId("top-session", HTMLElement);
const panel = new ServerPanel();
const welcome = new Welcome((session) => void enter(session));
const look = { onLook: (object: string): void => void panel.look(object) };
const records = new RecordSection({ ...look, onChange: changed });
const files = new FileSection({ ...look, onChange: changed });
const keys = new KeySection({ onChange: changed });
const shares = new ShareSection({ ...look, onChange: changed });
const waysIn = new WaySection();
const renewal = new Renewal({ onRenewed: () => showAll("keyring"), onLock: leave });
const otherTabs = new BroadcastChannel("fortress-example");

let current: Session | undefined;

byId("lock", HTMLButtonElement).addEventListener("click", () => void leave());
otherTabs.addEventListener("message", () => void changedElsewhere());
// Other browsers send no message; coming back to the tab is the time to look.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) current?.isCurrent().catch(() => undefined);
});
// Compiling starts while the passphrase is being typed; whoever needs it first waits for it and hears of a failure.
init().catch(() => undefined);
await Promise.all([welcome.show().then(() => welcome.stayUnlocked()), panel.refresh()]);

async function enter(session: Session): Promise<void> {
  current = session;
  session.addEventListener("outdated", () => renewal.ask(session));
  workspace.hidden = false;
  topSession.hidden = false;
  byId("workspace-title", HTMLElement).focus();
  announce("Unlocked.");
  otherTabs.postMessage("changed");
  await showAll("keyring");
}

async function leave(): Promise<void> {
  current?.lock();
  current = undefined;
  records.clear();
  files.clear();
  keys.clear();
  shares.clear();
  waysIn.clear();
  await lockWays().catch(() => undefined);
  workspace.hidden = true;
  topSession.hidden = true;
  await welcome.show();
  byId("welcome-title", HTMLElement).focus();
  announce("Locked. The keys are wiped from this tab.");
}

async function changed(object?: string): Promise<void> {
  otherTabs.postMessage("changed");
  await showAll(object);
}

/** A keyring that was changed elsewhere is opened again before anything else is read with it. */
async function changedElsewhere(): Promise<void> {
  if (!current || (await current.isCurrent())) await showAll();
}

async function showAll(object?: string): Promise<void> {
  const session = current;
  if (session) {
    byId("top-key", HTMLElement).textContent = session.keyring.primary;
    const [loadedRecords, loadedFiles] = await Promise.all([records.show(session), files.show(session), shares.show(session), waysIn.show(session)]);
    if (current === session) keys.show(session, loadedRecords, loadedFiles);
  } else if (!byId("welcome", HTMLElement).hidden) {
    await welcome.show();
  }
  await panel.refresh(object);
}
