"""The site's own pages."""

from articles.views import article, search
from django.urls import path

urlpatterns = [
    path("", search, name="search"),
    path("bai/<int:pk>/", article, name="article"),
]
