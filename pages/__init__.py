"""The pages: thin scripts that read widgets, ask `training` and `models`, and draw with `pages.common`."""
