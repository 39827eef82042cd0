"""<% project %>: a web site with Django."""
