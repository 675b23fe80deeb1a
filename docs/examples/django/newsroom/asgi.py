"""The site, with vnsearch's own page and API beside it under /tim-kiem/."""

import os

from django.core.asgi import get_asgi_application
from starlette.applications import Starlette
from starlette.routing import Mount

from vnsearch.web import create_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
site = get_asgi_application()  # settings and models are there from here on

from articles.search import index  # noqa: E402

application = Starlette(routes=[Mount("/tim-kiem", create_app(index(), title="Tìm kiếm")), Mount("/", site)])
