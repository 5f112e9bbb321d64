"""A smoke run of the streaming job in a project of yours: `python -m templates.smoke`. See templates/README.md."""
