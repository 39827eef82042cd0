"""What the site answers."""

from django.conf import settings
from django.http import HttpResponse


def index(request):
    return HttpResponse(f"<% project %> {settings.VERSION}\n", content_type="text/plain; charset=utf-8")
