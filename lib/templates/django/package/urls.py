"""Which view answers which path."""

from django.urls import path

from <% package %> import views

urlpatterns = [
    path("", views.index),
]
