// Names that a project can have: its distribution, its program and, in one spelling, its import package.

import { UsageError } from "../base/failure.js";

const keywords = new Set(
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(
    " ",
  ),
);

// Public modules of the standard libraries of Python 3.8 to 3.13. A package of such a name is never
// imported, or hides what the standard library itself needs.
const standardModules = new Set(
  `abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii binhex
bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys
compileall concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses
datetime dbm decimal difflib dis distutils doctest dummy_threading email encodings ensurepip enum errno
faulthandler fcntl filecmp fileinput fnmatch formatter fractions ftplib functools gc genericpath getopt getpass
gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io
ipaddress itertools json keyword lib2to3 linecache locale logging lzma macpath mailbox mailcap marshal math
mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode
operator optparse os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib
posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re
readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd
smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string
stringprep struct subprocess sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile
termios test textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty
turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg
winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo`.split(/\s+/),
);

// Folders of a project that are not its package.
const otherFolders = new Set(["build", "conf", "dist"]);

/**
 * Checks a name that is to be a distribution's and an import package's at once: an ASCII identifier of
 * Python that ends in a letter or digit, as names of distributions must. Throws UsageError.
 */
export function checkProjectName(name: string): void {
  const refuse = (why: string) => {
    throw new UsageError(`${JSON.stringify(name)} cannot name a project: ${why}`);
  };
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) {
    const near = name.replace(/[^A-Za-z0-9]+/g, "_").replace(/^[\d_]+|_+$/g, "");
    const hint = near === "" ? "" : `, such as ${near}`;
    refuse(`Python must be able to import it, so it takes letters, digits and _, a letter first${hint}`);
  }
  if (name.endsWith("_")) refuse("the name of a distribution ends in a letter or digit");
  if (keywords.has(name)) refuse("it is a keyword of Python");
  if (standardModules.has(name)) refuse("Python's standard library has a module of that name");
  if (otherFolders.has(name)) refuse("the project has a folder of that name for other things");
}
