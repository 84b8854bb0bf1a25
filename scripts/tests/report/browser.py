"""A headless Chromium, driven by selenium: a page in it, and all that the page asked for or complained of."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
         "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage")


def find() -> tuple[str, str] | None:
    """A browser and its driver, both on PATH: selenium by itself would fetch what is missing from the network."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


class Browser:
    """One page in a browser of its own, which ends with the block."""

    def __init__(self, programs: tuple[str, str], patience_s: float = 60.0) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="fanbench-browser-", ignore_cleanup_errors=True)
        options = webdriver.ChromeOptions()
        options.binary_location = programs[0]
        for flag in (f"--user-data-dir={self._profile.name}", *FLAGS):
            options.add_argument(flag)
        # What the page asks of the network, and what its console gets.
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self._driver = webdriver.Chrome(
            service=Service(programs[1], env={**os.environ, "HOME": self._profile.name}), options=options)
        self._driver.set_page_load_timeout(patience_s)
        self._driver.set_script_timeout(patience_s)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: Any) -> None:
        self._driver.quit()
        self._profile.cleanup()

    def open(self, page: Path) -> None:
        self.asked_for(), self.complaints()  # those of the page before are gone with it
        self._driver.get(page.resolve().as_uri())

    def look(self, width: int, height: int = 900, dark: bool = False) -> None:
        """The size of the window, and what the reader prefers."""
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        return self._driver.execute_script(f"return ({expression}\n)")

    def press(self, key: str) -> None:
        """A key, by its name in selenium, to what has the focus."""
        self._driver.switch_to.active_element.send_keys(getattr(Keys, key))

    def asked_for(self) -> list[str]:
        """The addresses that were asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self._driver.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[dict[str, Any]]:
        """What was written to the console since the last call: by the page, by the browser, and exceptions."""
        return self._driver.get_log("browser")
