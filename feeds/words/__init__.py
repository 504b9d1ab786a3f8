"""Every word that readers see, by language. A new language is one more module like `en`, complete."""

from feeds.words.catalogue import DateWords, Words
from feeds.words.cy import WELSH
from feeds.words.en import ENGLISH

#: The languages of the site, the first being where a visitor starts.
WORDS: dict[str, Words] = {words.language: words for words in (ENGLISH, WELSH)}

__all__ = ["WORDS", "DateWords", "Words"]
