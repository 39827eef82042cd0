# Cuts the payload into the files that it is made of, and looks at the hash of each. Of pip.sh.

import hashlib, os, sys

folder = sys.argv[2]
with open(sys.argv[1], "rb") as payload:
    for line in open(sys.argv[3]):
        name, size, sha256 = line.rstrip("\n").split("\t")
        left = int(size)
        digest = hashlib.sha256()
        with open(os.path.join(folder, name), "wb") as file:
            while left > 0:
                chunk = payload.read(min(left, 1 << 20))
                left -= len(chunk) or left
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != sha256:
            print(name)
            break
