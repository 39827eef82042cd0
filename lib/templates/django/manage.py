#!/usr/bin/env python3
"""Django's commands, in a checkout."""

from <% package %>.__main__ import main

if __name__ == "__main__":
    main()
