"""Django's settings, of all profiles: https://docs.djangoproject.com/en/stable/ref/settings/"""

import os
import sys
from pathlib import Path

# es-sdist fills these in when it makes a release; in a checkout they stay as they are.
VERSION = "${version}"
GIT_VERSION = "${git_version}"
RELEASE_TIME = "${release_time}"

# The profile is what --profile says, here and in the commands of deploy.pre and deploy.post.
PROFILE = os.environ.get("ESSAY_PROFILE", "dev")
DEBUG = PROFILE == "dev"


def secret_key():
    """The key that all hosts sign sessions and links with; es-conf puts it into the virtualenv."""
    file = Path(sys.prefix, "etc", "secret_key")
    if file.exists():
        return file.read_text().strip()
    if PROFILE in ("dev", "test"):
        return "django-insecure-known-to-everybody"
    raise RuntimeError(f"profile {PROFILE} needs the file {file}: see [[deploy.conf]] in essay.toml")


SECRET_KEY = secret_key()

# The names that browsers ask for, such as "www.example.com"; es-check asks for localhost.
ALLOWED_HOSTS = ["*"] if DEBUG else ["localhost"]

INSTALLED_APPS = [
    "<% package %>",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "<% package %>.urls"
WSGI_APPLICATION = "<% package %>.wsgi.application"

# A database outlives virtualenvs, and is the same one for all of them: name a server, or a file outside.
DATABASES = {}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
    },
]

TIME_ZONE = "UTC"
USE_TZ = True

# To stderr, which supervisord keeps in files.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
