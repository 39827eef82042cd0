"""What differs between releases and between profiles."""

# es-sdist fills these in when it makes a release; in a checkout they stay as they are.
VERSION = "${version}"
GIT_VERSION = "${git_version}"
RELEASE_TIME = "${release_time}"

# The profile is what --profile says: es-supervisor up --profile test.
LOG_LEVELS = {"dev": "DEBUG", "test": "DEBUG"}


def log_level(profile):
    """Name of the level from which on messages are logged."""
    return LOG_LEVELS.get(profile, "INFO")
