"""Settings of a small site. Only the last one is about search."""

from pathlib import Path

BASE_DIR = Path(__file__).parents[1]
SECRET_KEY = "only-for-the-example"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
ROOT_URLCONF = "newsroom.urls"
INSTALLED_APPS = ["articles"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "vi"
USE_TZ = True

VNSEARCH_INDEX = BASE_DIR / "index"
