"""<% project %>: a web site with web.py."""
