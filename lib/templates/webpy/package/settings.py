"""What differs between releases and between profiles."""

import os

# es-sdist fills these in when it makes a release; in a checkout they stay as they are.
VERSION = "${version}"
GIT_VERSION = "${git_version}"
RELEASE_TIME = "${release_time}"

# The profile is what --profile says, here and in the commands of deploy.pre and deploy.post.
PROFILE = os.environ.get("ESSAY_PROFILE", "dev")
DEBUG = PROFILE == "dev"
