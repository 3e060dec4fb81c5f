"""Pages of a made-up study, and a browser that opens them."""

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# The made-up tables are those of the figures' tests.
sys.path.insert(0, str(Path(__file__).parents[1] / "figures"))

import explorer_tables

from thinkalike.explorer import write_page


@pytest.fixture(scope="session")
def tables() -> dict[str, Any]:
    """The tables of a page."""
    return explorer_tables.page_tables()


@pytest.fixture(scope="session")
def page(tables: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page as a file, alone in its folder."""
    path = tmp_path_factory.mktemp("page") / "explorer.html"
    write_page(path, **tables)
    return path


@pytest.fixture(scope="session")
def start_browser() -> Iterator[Callable[..., Any]]:
    """Start Chromium with some options; every browser is closed at the end."""
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if missing or importlib.util.find_spec("selenium") is None:
        pytest.skip(
            f"{' and '.join(missing) or 'selenium'} is not installed, so that the page cannot be opened: "
            "apt-get install chromium chromium-driver, pip install selenium"
        )
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    opened = []

    def start(width: int = 1280, height: int = 900, downloads: Path | None = None) -> Any:
        options = Options()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={width},{height}"):
            options.add_argument(argument)
        if downloads:
            # No person clicks, so that Chromium would take the second file for one that nobody asked for.
            allowed = {"profile.default_content_setting_values.automatic_downloads": 1}
            options.add_experimental_option("prefs", {"download.default_directory": str(downloads), **allowed})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        driver.set_script_timeout(180)
        opened.append(driver)
        return driver

    yield start
    for driver in opened:
        driver.quit()
