"""The whole site as files, and the settings with which nginx and Caddy answer from them as the site itself does.

`crawl` goes through all addresses (`addresses`), asks the site for each (`rendering`, `proofs`) and writes what it
answers (`files`); `manifest` remembers what each answer was made of (`asking`, `memory`), so that the next time only
what changed is made anew. `site` is all of that. `headers`, `serving`, `nginx` and `caddy` make the settings of the
answers that were given: no address is named twice.
"""
