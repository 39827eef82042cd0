"""<% project %>: a small web service."""
