# The distributions that are installed, each with its name in normal form (PEP 503). Of what looks at all of them.

import re
from importlib import metadata


def normal(name):
    return re.sub("[-_.]+", "-", name or "").lower()


distributions = [(normal(one.metadata["Name"]), one) for one in metadata.distributions()]
