# Has supervisord's own parser look at a configuration. Of supervisor.sh.

import sys

sys.path = [folder for folder in sys.path if folder]
from supervisor.options import ServerOptions

ServerOptions().realize(sys.argv[1:], doc="")
