"""Draw feeds/static/card.png, the picture that stands beside a link to the site: its name in both languages.

    PYTHONPATH=. .venv/bin/python tests/feeds/draw_card.py

It needs Debian's Chromium, and what it draws hangs on the fonts of the machine, so the picture is kept with the code.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import sync_playwright

from feeds.settings import Settings
from feeds.words import WORDS

ROOT = Path(__file__).parents[2]
#: What link previews ask for; larger files are not shown by some.
WIDTH, HEIGHT, MOST_BYTES = 1200, 630, 60_000
STYLE = """
body { margin: 0; height: 630px; box-sizing: border-box; padding: 0 84px; display: grid; align-content: center; gap: 26px;
  background: #fcfbf8; color: #1d1c1a; font-family: "Noto Serif", "DejaVu Serif", Georgia, serif;
  border-left: 20px solid #12525f; }
p { margin: 0; font-size: 54px; line-height: 1.15; font-weight: 600; letter-spacing: -.012em; text-wrap: balance; }
p + p { color: #12525f; }
div { border-top: 2px solid #ddd8cc; padding-top: 24px; font: 23px/1.5 "DejaVu Sans", sans-serif; color: #5d5a53; }
"""


def main() -> None:
    """Draw the picture, or say why it cannot be taken."""
    site = Settings(archive_db=ROOT)
    names = "".join(f'<p lang="{one}">{site.said_in(one).title}</p>' for one in WORDS)
    about = "".join(f'<span lang="{one}">{WORDS[one].say["about"]}</span><br>' for one in WORDS)
    path = ROOT / "feeds" / "static" / "card.png"
    with sync_playwright() as run:
        browser = run.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-lcd-text"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_content(f"<style>{STYLE}</style>{names}<div>{about}</div>")
        page.screenshot(path=path)
        browser.close()
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path}: {size} bytes; link previews take {MOST_BYTES}. Draw less.")


if __name__ == "__main__":
    main()
