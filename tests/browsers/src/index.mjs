/**
 * Real browsers for tests, with one interface: {@link launch} starts Chromium, Firefox or WebKit,
 * {@link serve} hands them files.
 *
 * Chromium and Firefox are driven by puppeteer-core (DevTools protocol and WebDriver BiDi), WebKit by a
 * small W3C WebDriver client of our own, because WebKitGTK speaks only that. No browser is downloaded:
 * they are the system's.
 */
export { launch, engines } from "./launch.mjs";
export { Page, PageError } from "./page.mjs";
export { serve } from "./serve.mjs";
